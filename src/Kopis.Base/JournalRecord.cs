using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Kopis.Base;

/// <summary>Writes one record of the journal (qmail-journal(5)): a JSON object on one line,
/// whatever bytes it is made of. It uses only the memory of the span that it is given. A field that
/// does not fit is left out, and a long text is cut.</summary>
public ref struct JournalRecord
{
    /// <summary>The longest record, with its line end.</summary>
    public const int BytesMax = 4096;

    /// <summary>The longest text, before it is escaped.</summary>
    public const int TextBytesMax = 1000;

    private const int NumberBytesMax = 20; // Digits of 2⁶⁴, or of −2⁶³ with its sign.
    private const int EndBytes = 3; // "]}" and the line end always fit.
    private const int EscapeBytes = 6; // \u and four digits.

    private static readonly SearchValues<byte> Plain = SearchValues.Create(
        " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`"u8.ToArray()
            .Concat("abcdefghijklmnopqrstuvwxyz{|}~"u8.ToArray()).ToArray());

    private readonly Span<byte> _to;
    private int _length;
    private int _items;

    /// <summary>Begins a record.</summary>
    /// <param name="room">The span to write to, of <see cref="BytesMax"/> bytes.</param>
    /// <param name="kind">What happened: a word that the code chooses.</param>
    public JournalRecord(Span<byte> room, scoped ReadOnlySpan<byte> kind)
    {
        _to = room;
        _ = TryPut("{\"e\":\""u8) && TryPut(kind) && TryPut("\""u8);
    }

    /// <summary>Adds a text. Only the beginning of a long text is written.</summary>
    /// <param name="name">The field's name, which the code chooses.</param>
    /// <param name="text">Any bytes; those that are not UTF-8 become U+FFFD.</param>
    public void Text(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> text)
    {
        int before = _length;
        if (!TryName(name) || !TryQuote(text))
        {
            _length = before;
        }
    }

    /// <summary>Adds a text of the program's own. Null adds nothing.</summary>
    public void Text(scoped ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null)
        {
            Text(name, Encoding.UTF8.GetBytes(text));
        }
    }

    /// <summary>Adds a number.</summary>
    public void Number(scoped ReadOnlySpan<byte> name, long number)
    {
        Span<byte> digits = stackalloc byte[NumberBytesMax];
        _ = Utf8Formatter.TryFormat(number, digits, out int count);
        Digits(name, digits[..count]);
    }

    /// <summary>Adds a number.</summary>
    public void Number(scoped ReadOnlySpan<byte> name, ulong number)
    {
        Span<byte> digits = stackalloc byte[NumberBytesMax];
        _ = Utf8Formatter.TryFormat(number, digits, out int count);
        Digits(name, digits[..count]);
    }

    /// <summary>Begins a list of texts, which <see cref="EndList"/> must end.</summary>
    /// <returns>False if the list does not fit; then it must not be ended.</returns>
    public bool BeginList(scoped ReadOnlySpan<byte> name)
    {
        int before = _length;
        _items = 0;
        if (TryName(name) && TryPut("["u8))
        {
            return true;
        }

        _length = before;
        return false;
    }

    /// <summary>Adds to a list.</summary>
    /// <returns>False if the text does not fit.</returns>
    public bool Item(scoped ReadOnlySpan<byte> text)
    {
        int before = _length;
        if ((_items == 0 || TryPut(","u8)) && TryQuote(text))
        {
            _items++;
            return true;
        }

        _length = before;
        return false;
    }

    /// <summary>Ends a list.</summary>
    public void EndList() => _to[_length++] = (byte)']';

    /// <summary>Ends the record, and returns its line with the line end.</summary>
    public ReadOnlySpan<byte> End()
    {
        "}\n"u8.CopyTo(_to[_length..]);
        return _to[..(_length + 2)];
    }

    private void Digits(scoped ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> digits)
    {
        int before = _length;
        if (!TryName(name) || !TryPut(digits))
        {
            _length = before;
        }
    }

    private bool TryName(scoped ReadOnlySpan<byte> name) =>
        TryPut(",\""u8) && TryPut(name) && TryPut("\":"u8);

    private bool TryPut(scoped ReadOnlySpan<byte> bytes)
    {
        if (_to.Length - _length < bytes.Length + EndBytes)
        {
            return false;
        }

        bytes.CopyTo(_to[_length..]);
        _length += bytes.Length;
        return true;
    }

    private bool TryQuote(scoped ReadOnlySpan<byte> text)
    {
        bool isCut = text.Length > TextBytesMax;
        return TryPut("\""u8) && TryEscape(isCut ? text[..TextBytesMax] : text)
            && (!isCut || TryPut("…"u8)) && TryPut("\""u8);
    }

    private bool TryEscape(scoped ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            int plain = text.IndexOfAnyExcept(Plain);
            plain = plain < 0 ? text.Length : plain;
            if (!TryPut(text[..plain]))
            {
                return false;
            }

            text = text[plain..];
            if (text.IsEmpty)
            {
                break;
            }

            _ = Rune.DecodeFromUtf8(text, out Rune rune, out int used); // U+FFFD for what is none.
            if (!(rune.Value is (byte)'"' or (byte)'\\' ? TryPut("\\"u8) && TryPut(text[..1])
                : Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.Control
                    or System.Globalization.UnicodeCategory.Format
                    or System.Globalization.UnicodeCategory.LineSeparator
                    or System.Globalization.UnicodeCategory.ParagraphSeparator
                    ? TryHide(rune) : TryRune(rune)))
            {
                return false;
            }

            text = text[used..];
        }

        return true;
    }

    private bool TryRune(Rune rune)
    {
        Span<byte> bytes = stackalloc byte[4];
        return TryPut(bytes[..rune.EncodeToUtf8(bytes)]);
    }

    // Hides characters that a terminal or a line reader would obey.
    private bool TryHide(Rune rune)
    {
        Span<char> units = stackalloc char[2];
        Span<byte> escape = stackalloc byte[EscapeBytes];
        foreach (char unit in units[..rune.EncodeToUtf16(units)])
        {
            "\\u"u8.CopyTo(escape);
            _ = Utf8Formatter.TryFormat((ushort)unit, escape[2..], out _, new('x', 4));
            if (!TryPut(escape))
            {
                return false;
            }
        }

        return true;
    }
}

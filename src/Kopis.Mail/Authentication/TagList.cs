using System.Buffers;
using System.Text;
using Kopis.Base;

namespace Kopis.Mail.Authentication;

/// <summary>A list of tags, as in DKIM's signatures and keys (RFC 6376 §3.2) and DMARC's policies
/// (RFC 9989 §4.8): <c>name=value; name=value</c>, with blanks and folds around each part.
/// </summary>
public sealed class TagList
{
    /// <summary>The most tags: RFC 6376 and its registry have 17.</summary>
    public const int TagsMax = 100;

    private static readonly SearchValues<byte> Blanks = SearchValues.Create(" \t\r\n"u8);

    private static readonly SearchValues<byte> Controls = SearchValues.Create(
        [.. Enumerable.Range(0, 32).Append(127).Select(one => (byte)one)
            .Where(one => !IsBlank(one))]);


    private const int TagsUsual = 12;

    private readonly List<(Range Name, Range Place)> _tags = new(TagsUsual);
    private readonly byte[] _text;

    private TagList(byte[] text) => _text = text;

    /// <summary>The name of the first tag.</summary>
    public string First => ByteText.ToText(_text.AsSpan(_tags[0].Name));

    /// <summary>Parses a list that must be valid as a whole.</summary>
    /// <returns>Null if it is empty, has a tag twice, or contains something that is not a tag.
    /// </returns>
    public static TagList? Parse(ReadOnlySpan<byte> text)
    {
        TagList list = new(text.ToArray());
        return list.Read(isStrict: true) && list._tags.Count > 0 ? list : null;
    }

    /// <summary>Parses a list, and leaves out what is wrong, and the second of two equal tags (RFC
    /// 9989 §4.7).</summary>
    /// <returns>Null if nothing is left.</returns>
    public static TagList? ParseLeniently(ReadOnlySpan<byte> text)
    {
        TagList list = new(text.ToArray());
        list.Read(isStrict: false);
        return list._tags.Count > 0 ? list : null;
    }

    /// <summary>Whether there is a tag of this name, whose case matters.</summary>
    public bool Has(string name) => IndexOf(name) >= 0;

    /// <summary>The value of a tag, without blanks at its ends; empty if there is none.</summary>
    public ReadOnlySpan<byte> this[string name] => _text.AsSpan(PlaceOf(name)).Trim(" \t\r\n"u8);

    /// <summary>The value as text, one character for each byte; null if there is none.</summary>
    public string? Text(string name) => Has(name) ? ByteText.ToText(this[name]) : null;

    /// <summary>The value without any blanks and folds.</summary>
    public string Compact(string name)
    {
        ReadOnlySpan<byte> value = this[name];
        if (!value.ContainsAny(Blanks))
        {
            return ByteText.ToText(value);
        }

        byte[] compact = new byte[value.Length];
        int length = 0;
        foreach (byte one in value)
        {
            if (!IsBlank(one))
            {
                compact[length++] = one;
            }
        }

        return ByteText.ToText(compact.AsSpan(0, length));
    }

    /// <summary>The place of the value in the parsed text, with blanks around it.</summary>
    public Range PlaceOf(string name)
    {
        int index = IndexOf(name);
        return index < 0 ? 0..0 : _tags[index].Place;
    }

    /// <summary>A number of at most 12 digits (RFC 6376 §3.5, t= and x=).</summary>
    /// <returns>False if the tag exists and is not such a number.</returns>
    public bool TryNumber(string name, int digitsMax, out long? number)
    {
        number = null;
        if (!Has(name))
        {
            return true;
        }

        ReadOnlySpan<byte> value = this[name];
        if (value.IsEmpty || value.Length > digitsMax
            || value.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return false;
        }

        number = long.Parse(value);
        return true;
    }

    private bool Read(bool isStrict)
    {
        int at = 0;
        while (at <= _text.Length)
        {
            int length = _text.AsSpan(at).IndexOf((byte)';');
            int end = length < 0 ? _text.Length : at + length;
            bool isLast = length < 0;
            bool isEmpty = _text.AsSpan(at..end).Trim(" \t\r\n"u8).IsEmpty;
            if (!(isEmpty && isLast) && !TryAdd(at, end) && isStrict)
            {
                return false;
            }

            if (isLast || _tags.Count > TagsMax)
            {
                return _tags.Count <= TagsMax;
            }

            at = end + 1;
        }

        return true;
    }

    private bool TryAdd(int start, int end)
    {
        int equals = _text.AsSpan(start..end).IndexOf((byte)'=');
        if (equals < 0)
        {
            return false;
        }

        ReadOnlySpan<byte> name = _text.AsSpan(start, equals).Trim(" \t\r\n"u8);
        Range place = (start + equals + 1)..end;
        if (!IsName(name) || !IsValue(_text.AsSpan(place)) || HasName(name))
        {
            return false;
        }

        int from = start + _text.AsSpan(start, equals).IndexOfAnyExcept(Blanks);
        _tags.Add((from..(from + name.Length), place));
        return true;
    }

    private bool HasName(ReadOnlySpan<byte> name)
    {
        foreach ((Range one, _) in _tags)
        {
            if (_text.AsSpan(one).SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }

    private int IndexOf(string name)
    {
        for (int i = 0; i < _tags.Count; i++)
        {
            if (Ascii.Equals(_text.AsSpan(_tags[i].Name), name))
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>tag-name = ALPHA *(ALPHA / DIGIT / "_").</summary>
    private static bool IsName(ReadOnlySpan<byte> name)
    {
        const int NameBytesMax = 32; // The longest of the registry has 5.
        if (name.IsEmpty || name.Length > NameBytesMax || !char.IsAsciiLetter((char)name[0]))
        {
            return false;
        }

        foreach (byte one in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)one) && one != (byte)'_')
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Printing characters and blanks; UTF-8 too, as RFC 8616 §5 has it.</summary>
    private static bool IsValue(ReadOnlySpan<byte> value) => !value.ContainsAny(Controls);

    private static bool IsBlank(byte one) =>
        one is (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n';
}

using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Addresses;

/// <summary>One token of a structured header field, as it was written and as qmail delimits it
/// (notqmail token822.c).</summary>
internal readonly record struct AddressToken(AddressTokenKind Kind, byte[] Raw)
{
    private static readonly SearchValues<byte> Blank = SearchValues.Create(" \t\r\n"u8);
    private static readonly SearchValues<byte> Specials = SearchValues.Create(",;:<>@."u8);

    // Closing brackets and parentheses are not among them: these are an error only at the beginning
    // of a word.
    private static readonly SearchValues<byte> AtomEnds =
        SearchValues.Create(" \t\r\n,;:<>@.([\""u8);

    /// <summary>Whether this is a given special character.</summary>
    internal bool Is(char special) =>
        Kind == AddressTokenKind.Special && Raw[0] == (byte)special;

    /// <summary>The token in a header. An atom that other software would not accept as one is
    /// quoted.</summary>
    internal byte[] Text
    {
        get
        {
            if (Kind != AddressTokenKind.Atom || !IsOdd(Raw))
            {
                return Raw;
            }

            ArrayBufferWriter<byte> text = new(Raw.Length + 8);
            text.WriteByte((byte)'"');
            foreach (byte b in Value)
            {
                text.Write(b is (byte)'"' or (byte)'\\' ? "\\"u8 : ""u8);
                text.WriteByte(b);
            }

            text.WriteByte((byte)'"');
            return text.WrittenSpan.ToArray();
        }
    }

    /// <summary>The value of the token in an envelope; a folded line is joined.</summary>
    internal byte[] Value
    {
        get
        {
            if (Kind != AddressTokenKind.Quote && !Raw.AsSpan().ContainsAny("\\\r\n"u8))
            {
                return Raw;
            }

            ReadOnlySpan<byte> inner =
                Kind == AddressTokenKind.Quote ? Raw.AsSpan(1, Raw.Length - 2) : Raw;
            ArrayBufferWriter<byte> value = new(inner.Length + 1);
            for (int i = 0; i < inner.Length; i++)
            {
                i += inner[i] == (byte)'\\' && i + 1 < inner.Length ? 1 : 0;
                bool folds = inner[i] == (byte)'\n'
                    || (inner[i] == (byte)'\r' && i + 1 < inner.Length && inner[i + 1] == '\n');
                value.Write(folds ? [] : inner.Slice(i, 1));
            }

            return value.WrittenSpan.ToArray();
        }
    }

    /// <summary>Splits a field's body into tokens. Null if a comment, quote or literal has no end,
    /// or if a word begins with a closing character.</summary>
    internal static List<AddressToken>? Cut(ReadOnlySpan<byte> text)
    {
        List<AddressToken> tokens = [];
        while (true)
        {
            int start = text.IndexOfAnyExcept(Blank);
            if (start < 0)
            {
                return tokens;
            }

            text = text[start..];
            (AddressTokenKind kind, int length) = Next(text);
            if (length <= 0)
            {
                return null;
            }

            tokens.Add(new AddressToken(kind, text[..length].ToArray()));
            text = text[length..];
        }
    }

    private static (AddressTokenKind Kind, int Length) Next(ReadOnlySpan<byte> text) =>
        text[0] switch
        {
            (byte)'"' => (AddressTokenKind.Quote, Enclosed(text, (byte)'"')),
            (byte)'[' => (AddressTokenKind.Literal, Enclosed(text, (byte)']')),
            (byte)'(' => (AddressTokenKind.Comment, Comment(text)),
            (byte)')' or (byte)']' => (AddressTokenKind.Special, 0),
            byte b when Specials.Contains(b) => (AddressTokenKind.Special, 1),
            _ => (AddressTokenKind.Atom, Atom(text)),
        };

    private static bool IsOdd(ReadOnlySpan<byte> atom) =>
        atom.ContainsAny(")]\\\x7f"u8) || atom.ContainsAnyInRange((byte)0, (byte)31);

    private static int Atom(ReadOnlySpan<byte> text)
    {
        int length = 0;
        while (length < text.Length && !AtomEnds.Contains(text[length]))
        {
            // A line end cannot be quoted here, since what follows would be a line of its own.
            bool quotes = text[length] == (byte)'\\' && length + 1 < text.Length
                && text[length + 1] is not (byte)'\n';
            length += quotes ? 2 : 1;
        }

        return length;
    }

    private static int Enclosed(ReadOnlySpan<byte> text, byte end)
    {
        for (int i = 1; i < text.Length; i++)
        {
            if (text[i] == end)
            {
                return i + 1;
            }

            i += text[i] == (byte)'\\' ? 1 : 0;
        }

        return 0;
    }

    private static int Comment(ReadOnlySpan<byte> text)
    {
        int depth = 0;
        for (int i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case (byte)'(':
                    depth++;
                    break;
                case (byte)')' when --depth == 0:
                    return i + 1;
                case (byte)'\\':
                    i++;
                    break;
            }
        }

        return 0;
    }
}

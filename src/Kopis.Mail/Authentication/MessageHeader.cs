using Kopis.Base;

namespace Kopis.Mail.Authentication;

/// <summary>The header of a message: its fields in order, from the top.</summary>
public sealed class MessageHeader
{
    private readonly HeaderField[] _fields;

    internal MessageHeader(HeaderField[] fields, bool isTooLarge, bool isBroken)
    {
        _fields = fields;
        IsTooLarge = isTooLarge;
        IsBroken = isBroken;
    }

    /// <summary>The fields; none where the header is too large.</summary>
    public IReadOnlyList<HeaderField> Fields => _fields;

    /// <summary>Whether it is over a limit of <see cref="MessageReader"/>, and so was not read.
    /// </summary>
    public bool IsTooLarge { get; }

    /// <summary>Whether a line that is no field ended it, and not an empty line.</summary>
    public bool IsBroken { get; }

    /// <summary>The same, for those who look at each.</summary>
    internal ReadOnlySpan<HeaderField> Span => _fields;

    /// <summary>The fields of a name, from the top; case does not count.</summary>
    public IEnumerable<HeaderField> Find(byte[] name)
    {
        foreach (HeaderField field in _fields)
        {
            if (Ascii8.EqualsIgnoreCase(field.Name, name))
            {
                yield return field;
            }
        }
    }

    /// <summary>How many fields of a name there are.</summary>
    public int Count(ReadOnlySpan<byte> name)
    {
        int count = 0;
        foreach (HeaderField field in _fields)
        {
            count += Ascii8.EqualsIgnoreCase(field.Name, name) ? 1 : 0;
        }

        return count;
    }
}

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

    /// <summary>The fields; empty if the header is too large.</summary>
    public IReadOnlyList<HeaderField> Fields => _fields;

    /// <summary>Whether the header is over a limit of <see cref="MessageReader"/>, and was
    /// therefore not read.</summary>
    public bool IsTooLarge { get; }

    /// <summary>Whether it was ended by a line that is not a field, instead of an empty line.
    /// </summary>
    public bool IsBroken { get; }

    /// <summary>The fields, for a caller that looks at each.</summary>
    internal ReadOnlySpan<HeaderField> Span => _fields;

    /// <summary>The fields of a name, from the top, ignoring case.</summary>
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

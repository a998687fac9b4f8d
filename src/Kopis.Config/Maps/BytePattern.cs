using Kopis.Base;

namespace Kopis.Config.Maps;

/// <summary>
/// A pattern of a whole text, as the wildmat patch of qmail has it: <c>*</c> is any bytes, <c>?</c>
/// is one byte, <c>[a-z0]</c> one of a set, <c>[!a-z]</c> or <c>[^a-z]</c> one of no such set.
/// ASCII case does not matter. Matching takes at most the product of both lengths.
/// </summary>
public sealed class BytePattern
{
    /// <summary>The longest pattern.</summary>
    public const int BytesMax = 256;

    private const byte SetStart = (byte)'[';
    private const byte SetEnd = (byte)']';

    private readonly Part[] _parts;

    private BytePattern(Part[] parts) => _parts = parts;

    /// <summary>Whether a line has a byte that makes it a pattern.</summary>
    public static bool IsPattern(ReadOnlySpan<byte> line) => line.IndexOfAny("*?["u8) >= 0;

    /// <summary>Reads a pattern.</summary>
    /// <returns>Null where it is too long, or a set does not end.</returns>
    public static BytePattern? TryParse(ReadOnlySpan<byte> line)
    {
        if (line.Length > BytesMax)
        {
            return null;
        }

        List<Part> parts = [];
        while (!line.IsEmpty)
        {
            byte one = line[0];
            line = line[1..];
            switch (one)
            {
                case (byte)'*' when parts is [.., { IsAny: true }]:
                    break;
                case (byte)'*':
                    parts.Add(new Part(null));
                    break;
                case (byte)'?':
                    parts.Add(new Part(Set([], isNegated: true)));
                    break;
                case SetStart when ReadSet(ref line) is { } set:
                    parts.Add(new Part(set));
                    break;
                case SetStart:
                    return null;
                default:
                    parts.Add(new Part(Set([one], isNegated: false)));
                    break;
            }
        }

        return new BytePattern([.. parts]);
    }

    /// <summary>Whether it fits the whole text.</summary>
    public bool Matches(ReadOnlySpan<byte> text)
    {
        // Only the last * is ever tried again: one before it has taken as little as it can.
        int at = 0;
        int part = 0;
        int star = -1;
        int starAt = 0;
        while (at < text.Length)
        {
            if (part < _parts.Length && _parts[part].IsAny)
            {
                (star, starAt) = (part++, at);
            }
            else if (part < _parts.Length && _parts[part].Has(Ascii8.ToLower(text[at])))
            {
                part++;
                at++;
            }
            else if (star >= 0)
            {
                (part, at) = (star + 1, ++starAt);
            }
            else
            {
                return false;
            }
        }

        while (part < _parts.Length && _parts[part].IsAny)
        {
            part++;
        }

        return part == _parts.Length;
    }

    // The first byte of a set may be its end sign, as in every shell.
    private static UInt128[]? ReadSet(ref ReadOnlySpan<byte> line)
    {
        bool isNegated = line is [(byte)'!' or (byte)'^', ..];
        ReadOnlySpan<byte> rest = isNegated ? line[1..] : line;
        int end = rest.IsEmpty ? -1 : rest[1..].IndexOf(SetEnd) + 1;
        if (end <= 0)
        {
            return null;
        }

        List<byte> members = [];
        for (int i = 0; i < end; i++)
        {
            bool isRange = i + 2 < end && rest[i + 1] == (byte)'-';
            int last = isRange ? rest[i + 2] : rest[i];
            for (int one = rest[i]; one <= last; one++)
            {
                members.Add((byte)one);
            }

            i += isRange ? 2 : 0;
        }

        line = rest[(end + 1)..];
        return Set(members, isNegated);
    }

    private static UInt128[] Set(IEnumerable<byte> members, bool isNegated)
    {
        UInt128[] set = new UInt128[2];
        foreach (byte member in members)
        {
            byte lower = Ascii8.ToLower(member);
            set[lower >> 7] |= UInt128.One << (lower & 127);
        }

        return isNegated ? [~set[0], ~set[1]] : set;
    }

    /// <summary>Any bytes where the set is null, else one byte of it.</summary>
    private readonly record struct Part(UInt128[]? Members)
    {
        internal bool IsAny => Members is null;

        internal bool Has(byte lower) =>
            (Members![lower >> 7] >> (lower & 127) & UInt128.One) != 0;
    }
}

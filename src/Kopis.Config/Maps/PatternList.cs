using Kopis.Base;
using Kopis.Config.Catalog;

namespace Kopis.Config.Maps;

/// <summary>A list of addresses or names that are refused: <c>badmailfrom</c> (contract §2.3),
/// <c>badmailto</c>, <c>badhelo</c>. A line is an address, <c>@host</c>, or a pattern of either
/// (see <see cref="BytePattern"/>). A line that begins with <c>!</c> is an exception: a text that
/// it matches is not refused, whatever other lines say.</summary>
public sealed class PatternList
{
    private const string Shape = "an address, @host, or a pattern with *, ? or [...]; "
        + "regular expressions are not understood";

    private readonly Half _refused = new();
    private readonly Half _excepted = new();

    private PatternList()
    {
    }

    /// <summary>Reads the file; without it nothing is refused. A wrong line is skipped, with a
    /// warning.</summary>
    /// <exception cref="ConfigurationException">It cannot be read.</exception>
    public static PatternList Load(ControlDirectory control, ControlList file)
    {
        PatternList list = new();
        _ = control.ReadEach(file, list.TryAdd, Shape);
        list._refused.Settle();
        list._excepted.Settle();
        return list;
    }

    /// <summary>The line that refuses a text. It matches the whole text, or the part from the last
    /// <c>@</c> on. Null if none does, and for the empty text, which only patterns could match: the
    /// sender of bounces is never refused.</summary>
    public byte[]? Find(ReadOnlySpan<byte> text) =>
        text.IsEmpty || _refused.Find(text) is not { } line || _excepted.Find(text) is not null
            ? null : line;

    /// <summary>Adds a line. False if it cannot mean what its author wants.</summary>
    private bool TryAdd(byte[] line) => line is [(byte)'!', .. { Length: > 0 } rest]
        ? _excepted.TryAdd(rest) : _refused.TryAdd(line);

    private sealed class Half
    {
        private readonly List<byte[]> _lines = [];
        private readonly List<(BytePattern Pattern, byte[] Line)> _patterns = [];
        private ConstMap _plain = ConstMap.Set([]);

        internal bool TryAdd(byte[] line)
        {
            _lines.Add(line); // Patterns too: texts that equal one stay refused, as in qmail.
            if (IsRegularExpression(line))
            {
                return false;
            }

            if (!BytePattern.IsPattern(line))
            {
                return true;
            }

            if (BytePattern.TryParse(line) is { } pattern)
            {
                _patterns.Add((pattern, line));
                return true;
            }

            return false;
        }

        internal void Settle() => _plain = ConstMap.Set(_lines);

        internal byte[]? Find(ReadOnlySpan<byte> text)
        {
            if (_lines.Count == 0)
            {
                return null;
            }

            ReadOnlySpan<byte> host = new Address(text).AtDomain;
            if (_plain.Contains(text))
            {
                return text.ToArray();
            }

            if (!host.IsEmpty && _plain.Contains(host))
            {
                return host.ToArray();
            }

            foreach ((BytePattern pattern, byte[] line) in _patterns)
            {
                if (pattern.Matches(line[0] == (byte)'@' ? host : text))
                {
                    return line;
                }
            }

            return null;
        }

        // A regular expression as in the qregex patch. Here such a line would refuse nobody, so its
        // author must be told.
        private static bool IsRegularExpression(ReadOnlySpan<byte> line) =>
            line[0] == (byte)'^' || line[^1] == (byte)'$' || line.IndexOf(".*"u8) >= 0
            || line.IndexOf((byte)'\\') >= 0;
    }
}

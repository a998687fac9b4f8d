using Kopis.Base;

namespace Kopis.Users.Virtual;

/// <summary>The format of a text table in <c>users</c>: lines <c>key:rest</c>, empty lines, and
/// comments that begin with <c>#</c>. It may have an index, <c>NAME.cdb</c>.</summary>
/// <param name="Name">The name of the file.</param>
/// <param name="Shape">The form of a line, for people.</param>
/// <param name="IsValid">Whether a key and its rest are valid.</param>
internal sealed record TableFormat(string Name, string Shape, Func<string, string, bool> IsValid)
{
    private const int FaultsShownMax = 10;

    internal string TextPath(string users) => Path.Combine(users, Name);

    internal string IndexPath(string users) => Path.Combine(users, Name + ".cdb");

    /// <summary>The key under which the index lists the faults of the text. No line can have this
    /// key.</summary>
    private static ReadOnlySpan<byte> FaultsKey => "\n"u8;

    /// <summary>Parses a whole table. A wrong line affects only its own key, which then has an
    /// empty rest, unless a valid line has the same key. If two valid lines have the same key, the
    /// first counts.</summary>
    /// <param name="content">The text.</param>
    /// <param name="faults">What is wrong, by line.</param>
    internal Dictionary<string, string> Parse(
        ReadOnlySpan<byte> content, out IReadOnlyList<string> faults)
    {
        Dictionary<string, string> table = new(StringComparer.Ordinal);
        List<string> harmed = [];
        List<string> wrong = [];
        int number = 0;
        foreach (Range range in content.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = content[range].TrimEnd((byte)'\r');
            if (line is [] or [(byte)'#', ..])
            {
                continue;
            }

            int colon = line.IndexOf((byte)':');
            string key = ByteText.ToText(colon < 0 ? line : line[..colon]);
            string rest = ByteText.ToText(colon < 0 ? [] : line[(colon + 1)..]);
            if (!IsRight(key, rest))
            {
                wrong.Add($"line {number} is not {Shape}");
                harmed.Add(key.Trim().ToLowerInvariant());
            }
            else if (!table.TryAdd(key, rest))
            {
                wrong.Add($"line {number}: {key} is listed twice");
            }
        }

        harmed.ForEach(key => table.TryAdd(key, ""));
        int more = wrong.Count - FaultsShownMax;
        faults = more <= 0 ? wrong
            : [.. wrong.Take(FaultsShownMax), $"{more} more lines are wrong"];
        return table;
    }

    /// <summary>Whether a line is valid.</summary>
    internal bool IsRight(string key, string rest) => key.Length > 0 && IsValid(key, rest);

    /// <summary>Makes the index of a table.</summary>
    internal CdbWriter Index(ReadOnlySpan<byte> content, TableStamp stamp)
    {
        // A record takes eight bytes more than its line without colon and LF; lines are rarely
        // short.
        CdbWriter index = new(Cdb.HeaderBytes + content.Length + (content.Length / 8));
        index.Add([], stamp.ToBytes());
        Dictionary<string, string> table = Parse(content, out IReadOnlyList<string> faults);
        foreach ((string key, string rest) in table)
        {
            if (key.Length > 0)
            {
                index.Add(ByteText.ToBytes(key), ByteText.ToBytes(rest));
            }
        }

        if (faults.Count > 0)
        {
            index.Add(FaultsKey, ByteText.ToBytes(string.Join('\n', faults)));
        }

        return index;
    }

    /// <summary>The faults of the text that an index was made from.</summary>
    internal static IReadOnlyList<string> FaultsOf(CdbFile index) =>
        index.Find(FaultsKey) is { } faults ? ByteText.ToText(faults).Split('\n') : [];

    internal ConfigurationException Bad(string users, string reason) =>
        new($"{TextPath(users)}: {reason}");
}

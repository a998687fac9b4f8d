using Kopis.Base;

namespace Kopis.Users;

/// <summary>
/// A text table below <c>users</c>: lines <c>key:rest</c>, empty ones, and comments that begin
/// with <c>#</c>. Beside it may lie <c>NAME.cdb</c>, its index.
/// </summary>
/// <param name="Name">The file.</param>
/// <param name="Shape">A line's shape, for people.</param>
/// <param name="IsValid">Judges a key and its rest.</param>
internal sealed record TableFormat(string Name, string Shape, Func<string, string, bool> IsValid)
{
    internal string TextPath(string users) => Path.Combine(users, Name);

    internal string IndexPath(string users) => Path.Combine(users, Name + ".cdb");

    /// <summary>Reads a whole table, and judges every line.</summary>
    /// <exception cref="ConfigurationException">A line is wrong, or a key there twice.</exception>
    internal Dictionary<string, string> Parse(string users, ReadOnlySpan<byte> content)
    {
        Dictionary<string, string> table = new(StringComparer.Ordinal);
        int number = 0;
        foreach (Range range in content.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = content[range].TrimEnd((byte)'\r');
            if (IsNothing(line))
            {
                continue;
            }

            int colon = line.IndexOf((byte)':');
            string key = ByteText.ToText(line[..Math.Max(0, colon)]);
            string rest = ByteText.ToText(line[(colon + 1)..]);
            if (colon <= 0 || !IsValid(key, rest))
            {
                throw Bad(users, $"line {number} is not {Shape}");
            }

            if (!table.TryAdd(key, rest))
            {
                throw Bad(users, $"line {number}: {key} is there twice");
            }
        }

        return table;
    }

    /// <summary>Makes the index of a table that has been judged.</summary>
    internal static CdbWriter Index(ReadOnlySpan<byte> content, TableStamp stamp)
    {
        // A record has eight bytes more than its line, less colon and LF; lines are rarely short.
        CdbWriter index = new(Cdb.HeaderBytes + content.Length + (content.Length / 8));
        index.Add([], stamp.ToBytes());
        foreach (Range range in content.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = content[range].TrimEnd((byte)'\r');
            if (!IsNothing(line))
            {
                int colon = line.IndexOf((byte)':');
                index.Add(line[..colon], line[(colon + 1)..]);
            }
        }

        return index;
    }

    internal ConfigurationException Bad(string users, string reason) =>
        new($"{TextPath(users)}: {reason}");

    private static bool IsNothing(ReadOnlySpan<byte> line) =>
        line.IsEmpty || line[0] == (byte)'#';
}

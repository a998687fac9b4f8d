using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.Tables;

/// <summary>Compiles the lines of users/assign to users/cdb (contract §7.4).</summary>
public static class AssignCompiler
{
    private const int ColonsAfterAddress = 6;

    /// <summary>Compiles the file, or refuses all of it: if only a line were left out, mail for its
    /// user would go to the user of the next matching line.</summary>
    /// <exception cref="ConfigurationException">A line is malformed, or names an id that no
    /// delivery may have.</exception>
    public static byte[] Compile(ReadOnlySpan<byte> assign)
    {
        CdbWriter cdb = new();
        List<byte> wildcardEnds = [];
        for (int number = 1; ; number++)
        {
            int end = assign.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = (end < 0 ? assign : assign[..end]).TrimEnd((byte)'\r');
            if (line.StartsWith("."u8))
            {
                cdb.Add([], wildcardEnds.ToArray());
                return cdb.ToArray();
            }

            // Without the final dot the file may have been cut short.
            string? fault = end < 0 ? "the file ends, without a line of a dot"
                : Add(line, cdb, wildcardEnds);
            if (fault is not null)
            {
                throw new ConfigurationException(
                    $"bad format in users/assign: line {number}: {fault}");
            }

            assign = assign[(end + 1)..];
        }
    }

    /// <summary>Adds a line. Returns what is wrong with it, or null.</summary>
    private static string? Add(ReadOnlySpan<byte> line, CdbWriter cdb, List<byte> wildcardEnds)
    {
        int colon = line.IndexOf((byte)':');
        if (line.IsEmpty || colon == 0 || line.Contains((byte)0))
        {
            return line.IsEmpty ? "empty" : colon == 0 ? "it begins with a colon" : "it has a NUL";
        }

        byte[] data = line[(colon + 1)..].ToArray();
        int at = -1;
        for (int colons = 0; colons < ColonsAfterAddress; colons++)
        {
            int next = colon < 0 ? -1 : Array.IndexOf(data, (byte)':', at + 1);
            if (next < 0)
            {
                return "it has fewer than seven colons";
            }

            at = next;
            data[at] = 0;
        }

        byte[] local = Ascii8.ToLower(line[1..colon]);
        bool wildcard = line[0] == (byte)'+';
        if (wildcard && local.Length > 0 && !wildcardEnds.Contains(local[^1]))
        {
            wildcardEnds.Add(local[^1]);
        }

        byte[] key = wildcard ? [(byte)'!', .. local] : [(byte)'!', .. local, 0];
        cdb.Add(key, data.AsSpan(0, at));
        string[] fields = ByteText.ToText(data).Split('\0');
        return fields[1..3].All(field => ProcessIdentity.TryParseId(field, out _)) ? null
            : "a user or group id is not from 1 to 4294967294";
    }
}

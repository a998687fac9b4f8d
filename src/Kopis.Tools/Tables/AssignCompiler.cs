using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.Tables;

/// <summary>From the lines of users/assign to the bytes of users/cdb (contract §7.4).</summary>
public static class AssignCompiler
{
    private const int ColonsAfterAddress = 6;

    /// <summary>Compiles it; null where it is malformed.</summary>
    /// <exception cref="ConfigurationException">A line names an id that no delivery may have.
    /// </exception>
    public static byte[]? Compile(ReadOnlySpan<byte> assign)
    {
        CdbWriter cdb = new();
        int number = 0;
        List<byte> wildcardEnds = [];
        while (true)
        {
            int end = assign.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = (end < 0 ? assign : assign[..end]).TrimEnd((byte)'\r');
            if (line.StartsWith("."u8))
            {
                cdb.Add([], wildcardEnds.ToArray());
                return cdb.ToArray();
            }

            // Without the line of a dot the file was perhaps cut short.
            number++;
            if (end < 0 || !TryAdd(line, cdb, wildcardEnds, out bool hasIds))
            {
                return null;
            }

            if (!hasIds)
            {
                throw new ConfigurationException(
                    $"users/assign: line {number} has a user or group id that is not from 1 to "
                    + "4294967294");
            }

            assign = assign[(end + 1)..];
        }
    }

    private static bool TryAdd(
        ReadOnlySpan<byte> line, CdbWriter cdb, List<byte> wildcardEnds, out bool hasIds)
    {
        hasIds = false;
        int colon = line.IndexOf((byte)':');
        if (colon <= 0 || line.Contains((byte)0))
        {
            return false;
        }

        byte[] local = Ascii8.ToLower(line[1..colon]);
        bool wildcard = line[0] == (byte)'+';
        if (wildcard && local.Length > 0 && !wildcardEnds.Contains(local[^1]))
        {
            wildcardEnds.Add(local[^1]);
        }

        byte[] data = line[(colon + 1)..].ToArray();
        int at = 0;
        for (int colons = 0; ; at++)
        {
            int next = Array.IndexOf(data, (byte)':', at);
            if (next < 0)
            {
                return false;
            }

            at = next;
            data[at] = 0;
            if (++colons == ColonsAfterAddress)
            {
                break;
            }
        }

        byte[] key = wildcard ? [(byte)'!', .. local] : [(byte)'!', .. local, 0];
        cdb.Add(key, data.AsSpan(0, at));
        string[] fields = ByteText.ToText(data).Split('\0');
        hasIds = fields[1..3].All(field => ProcessIdentity.TryParseId(field, out _));
        return true;
    }
}

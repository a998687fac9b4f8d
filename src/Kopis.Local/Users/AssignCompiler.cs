using Kopis.Base;

namespace Kopis.Local;

/// <summary>From the lines of users/assign to the bytes of users/cdb (contract §7.4).</summary>
internal static class AssignCompiler
{
    private const int ColonsAfterAddress = 6;

    /// <summary>Compiles it; null where it is malformed.</summary>
    internal static byte[]? Compile(ReadOnlySpan<byte> assign)
    {
        CdbWriter cdb = new();
        List<byte> wildcardEnds = [];
        while (true)
        {
            int end = assign.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? assign : assign[..end];
            if (line.StartsWith("."u8))
            {
                cdb.Add([], wildcardEnds.ToArray());
                return cdb.ToArray();
            }

            // Without the line of a dot the file was perhaps cut short.
            if (end < 0 || !TryAdd(line, cdb, wildcardEnds))
            {
                return null;
            }

            assign = assign[(end + 1)..];
        }
    }

    private static bool TryAdd(ReadOnlySpan<byte> line, CdbWriter cdb, List<byte> wildcardEnds)
    {
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
        return true;
    }
}

using System.Security.Cryptography;
using Kopis.Base;

namespace Kopis.Config.Maps;

/// <summary>The secrets of SRS in a file: one a line, the newest first. Empty lines and lines that
/// begin with <c>#</c> are ignored.</summary>
public static class SrsSecrets
{
    /// <summary>The most secrets in a file.</summary>
    public const int CountMax = 8;

    /// <summary>The longest file.</summary>
    public const int FileBytesMax = 4096;

    private const int LineBytesMin = 16;
    private const int LineBytesMax = 128;
    private const int RandomBytes = 32; // As long as the hash that it keys.

    /// <summary>Parses a file.</summary>
    /// <param name="content">The file's content.</param>
    /// <param name="fault">What is wrong, without any secret; empty if nothing is.</param>
    /// <returns>At least one secret; null if something is wrong.</returns>
    public static IReadOnlyList<byte[]>? TryParse(ReadOnlySpan<byte> content, out string fault)
    {
        List<byte[]> secrets = [];
        int number = 0;
        foreach (Range range in content.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = content[range];
            if (line.IsEmpty || line[0] == (byte)'#')
            {
                continue;
            }

            if (line.Length is < LineBytesMin or > LineBytesMax
                || line.ContainsAnyExceptInRange((byte)'!', (byte)'~'))
            {
                fault = $"line {number} is not {LineBytesMin} to {LineBytesMax} printable "
                    + "characters without blanks";
                return null;
            }

            secrets.Add(line.ToArray());
        }

        fault = secrets.Count == 0 ? "no secret"
            : secrets.Count > CountMax ? $"over {CountMax} secrets"
            : "";
        return fault.Length == 0 ? secrets : null;
    }

    /// <summary>The content of a new file, with a new secret first.</summary>
    /// <param name="old">Older secrets, which still check addresses; as many as fit are kept.
    /// </param>
    public static byte[] WithNew(IReadOnlyList<byte[]> old)
    {
        byte[] secret =
            ByteText.ToBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes)));
        return
        [
            .. "# The first makes addresses, all check them: kopis-srs(1).\n"u8,
            .. ((byte[][])[secret, .. old.Take(CountMax - 1)])
                .SelectMany(one => (byte[])[.. one, (byte)'\n']),
        ];
    }
}

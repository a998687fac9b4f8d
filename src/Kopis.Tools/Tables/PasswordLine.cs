using System.Buffers.Text;

namespace Kopis.Tools.Tables;

/// <summary>The parts of a line of passwd(5) that qmail-pw2u uses. The numbers stay as they are
/// written.</summary>
internal sealed record PasswordLine(byte[] User, byte[] Uid, byte[] Gid, byte[] Home)
{
    private const int Fields = 7;

    /// <summary>The uid as a number.</summary>
    internal uint UidNumber { get; private init; }

    /// <summary>Parses a line; null if it is malformed, or if its uid is 0.</summary>
    internal static PasswordLine? TryParse(ReadOnlySpan<byte> line)
    {
        byte[][] fields = new byte[Fields][];
        for (int i = 0; i < Fields; i++)
        {
            int colon = i < Fields - 1 ? line.IndexOf((byte)':') : line.Length;
            if (colon < 0)
            {
                return null;
            }

            fields[i] = line[..colon].ToArray();
            line = line[Math.Min(line.Length, colon + 1)..];
        }

        return fields[0].Length > 0 && IsNumber(fields[2], out uint uid) && uid != 0
            && IsNumber(fields[3], out _)
            ? new PasswordLine(fields[0], fields[2], fields[3], fields[5]) { UidNumber = uid }
            : null;
    }

    private static bool IsNumber(byte[] text, out uint number) =>
        Utf8Parser.TryParse(text, out number, out int used) && used == text.Length;
}

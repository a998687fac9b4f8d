using Kopis.Base;

namespace Kopis.Mail.Dsn;

/// <summary>The Message-ID of a bounce or notice. The same notice about the same message always has
/// the same id, so its reader recognises a duplicate that was sent because of a crash.</summary>
public sealed class DsnId
{
    private ulong _sum = 14695981039346656037; // FNV-1a of 64 bits.

    /// <summary>Adds data that distinguishes this notice from others.</summary>
    public void Add(ReadOnlySpan<byte> part)
    {
        foreach (byte b in part)
        {
            _sum = (_sum ^ b) * 1099511628211;
        }

        _sum = (_sum ^ (uint)part.Length) * 1099511628211;
    }

    /// <summary>The value of the field.</summary>
    /// <param name="bornSeconds">When the message came; numbers begin again in a new queue.</param>
    /// <param name="number">The number of the message.</param>
    /// <param name="host">bouncehost.</param>
    public byte[] Format(long bornSeconds, ulong number, ReadOnlySpan<byte> host)
    {
        byte[] domain = host.IsEmpty ? "localhost"u8.ToArray() : host.ToArray();
        for (int i = 0; i < domain.Length; i++)
        {
            bool isPlain = char.IsAsciiLetterOrDigit((char)domain[i])
                || domain[i] is (byte)'.' or (byte)'-';
            domain[i] = isPlain ? domain[i] : (byte)'_';
        }

        DateTimeOffset born = DateTimeOffset.FromUnixTimeSeconds(bornSeconds);
        return
        [
            .. ByteText.ToBytes($"<{born:yyyyMMddHHmmss}.{number}.{_sum:x16}.bounce@"),
            .. domain, (byte)'>',
        ];
    }
}

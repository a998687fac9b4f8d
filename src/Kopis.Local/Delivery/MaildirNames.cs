using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local.Delivery;

/// <summary>Makes names of Maildir messages: <c>TIME.MmicrosPpidQcount.HOST</c>. qmail's
/// <c>TIME.PID.HOST</c> is unique only if each process delivers one message a second; ours deliver
/// many. Characters of the host's name that have a meaning in a path or in a Maildir are written in
/// octal.</summary>
internal sealed class MaildirNames(TimeProvider time)
{
    private const int HostBytesMax = 64; // Contract §7.7.

    private readonly string _suffix = $".{Plain(System.Net.Dns.GetHostName())}";
    private readonly int _pid = Processes.Id;
    private long _count;

    /// <summary>Makes a name that this process has not used before.</summary>
    internal byte[] Next()
    {
        long count = Interlocked.Increment(ref _count);
        long ticks = time.GetUtcNow().UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        (long seconds, long rest) = Math.DivRem(ticks, TimeSpan.TicksPerSecond);
        long micros = rest / TimeSpan.TicksPerMicrosecond;
        return ByteText.ToBytes($"{seconds}.M{micros}P{_pid}Q{count}{_suffix}");
    }

    /// <summary>A host name as part of a file name: <c>\057</c> for a slash; <c>\072</c> for a
    /// colon, which begins the flags (Maildir's own rule); and likewise for a comma, which begins
    /// Maildir++'s fields, and for characters that cannot be printed.</summary>
    internal static string Plain(string host)
    {
        string plain = string.Concat(System.Text.Encoding.UTF8.GetBytes(host).Select(
            b => b is > 32 and < 127 && !"/:,\\"u8.Contains(b)
                ? $"{(char)b}" : $"\\{Convert.ToString(b, 8).PadLeft(3, '0')}"));
        return plain.Length > HostBytesMax ? plain[..HostBytesMax] : plain;
    }
}

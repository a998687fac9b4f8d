using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local.Delivery;

/// <summary>
/// Names of Maildir messages: <c>TIME.MmicrosPpidQcount.HOST</c>. qmail's <c>TIME.PID.HOST</c> is
/// unique only where each process delivers one message a second; one of ours delivers many. Of the
/// host's name, what would mean something in a path or to who reads a Maildir is in octal.
/// </summary>
internal sealed class MaildirNames(TimeProvider time)
{
    private const int HostBytesMax = 64; // Contract §7.7.

    private readonly string _suffix = $".{Plain(System.Net.Dns.GetHostName())}";
    private readonly int _pid = Processes.Id;
    private long _count;

    /// <summary>A name that this process has not given before.</summary>
    internal byte[] Next()
    {
        long count = Interlocked.Increment(ref _count);
        long ticks = time.GetUtcNow().UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        (long seconds, long rest) = Math.DivRem(ticks, TimeSpan.TicksPerSecond);
        long micros = rest / TimeSpan.TicksPerMicrosecond;
        return ByteText.ToBytes($"{seconds}.M{micros}P{_pid}Q{count}{_suffix}");
    }

    /// <summary>A host name as a part of a file's name: <c>\057</c> for a slash, <c>\072</c> for
    /// the colon that flags follow (Maildir's own rule), and so for the comma of Maildir++'s fields
    /// and for all that is not printed.</summary>
    internal static string Plain(string host)
    {
        string plain = string.Concat(System.Text.Encoding.UTF8.GetBytes(host).Select(
            b => b is > 32 and < 127 && !"/:,\\"u8.Contains(b)
                ? $"{(char)b}" : $"\\{Convert.ToString(b, 8).PadLeft(3, '0')}"));
        return plain.Length > HostBytesMax ? plain[..HostBytesMax] : plain;
    }
}

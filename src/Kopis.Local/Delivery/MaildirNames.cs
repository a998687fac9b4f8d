using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local;

/// <summary>
/// Names of Maildir messages: <c>TIME.MmicrosPpidQcount.HOST</c>. qmail's <c>TIME.PID.HOST</c> is
/// unique only where each process delivers one message a second; one of ours delivers many.
/// </summary>
internal sealed class MaildirNames(TimeProvider time)
{
    private const int HostBytesMax = 64; // Contract §7.7.

    private readonly string _suffix = $".{Cut(System.Net.Dns.GetHostName())}";
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

    private static string Cut(string host) =>
        host.Length > HostBytesMax ? host[..HostBytesMax] : host;
}

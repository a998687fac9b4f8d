namespace Kopis.Net;

/// <summary>Runs the sessions of a process that only serves sockets on the few threads that wait
/// for the sockets, instead of passing each event to the thread pool (docs/PERFORMANCE.md).
/// </summary>
/// <remarks>Only for processes whose sessions never block, since one that blocks keeps others
/// waiting. The runtime has no API for this, but reads these variables before it makes its first
/// socket.</remarks>
public static class SocketThreads
{
    private const string Inline = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    private const string Count = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";

    /// <summary>Must be called before the process has a socket. Uses half the cores: mail that
    /// these threads receive is work for the queue writer, qmail-send and the delivery programs.
    /// </summary>
    public static void ServeInline()
    {
        int threads = Math.Max(1, Environment.ProcessorCount / 2);
        Environment.SetEnvironmentVariable(Inline, "1");
        Environment.SetEnvironmentVariable(
            Count, threads.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }
}

namespace Kopis.Net;

/// <summary>
/// How a process that only serves sockets runs its sessions: on the few threads that wait for
/// them, not passed on to the thread pool for each event (docs/PERFORMANCE.md).
/// </summary>
/// <remarks>Only for processes whose sessions never block: a session that does keeps others
/// waiting. The runtime has no API for this, but reads these variables before its first socket.
/// </remarks>
public static class SocketThreads
{
    private const string Inline = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    private const string Count = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";

    /// <summary>To be called before the process has a socket. Half the cores: mail that one of
    /// these threads takes is work for the queue writer, qmail-send and the deliverers.</summary>
    public static void ServeInline()
    {
        int threads = Math.Max(1, Environment.ProcessorCount / 2);
        Environment.SetEnvironmentVariable(Inline, "1");
        Environment.SetEnvironmentVariable(
            Count, threads.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }
}

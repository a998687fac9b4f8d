using System.Net;
using System.Text;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.QmailFormat;

namespace Kopis.Tools.Queue;

/// <summary><c>qmail-tcpto</c> and <c>qmail-tcpok</c>: show and forget the hosts that did not
/// answer (contract §11).</summary>
public static class QmailTcptoProgram
{
    /// <summary>Runs qmail-tcpto.</summary>
    public static int Run(ProgramContext context)
    {
        long now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        StringBuilder text = new();
        foreach ((IPAddress address, int timeouts, uint last) in TimeoutTable.Entries(
            Try("read queue/lock/tcpto", new TimeoutFile(context.Home).Read)))
        {
            text.Append(
                $"{address} timed out {now - last} seconds ago; # recent timeouts: {timeouts}\n");
        }

        Fd.WriteAll(1, ByteText.ToBytes(text.ToString()));
        return ExitCode.Success;
    }

    /// <summary>Runs qmail-tcpok.</summary>
    public static int RunOk(ProgramContext context)
    {
        Try("write queue/lock/tcpto", () =>
        {
            new TimeoutFile(context.Home).Clear();
            return 0;
        });
        return ExitCode.Success;
    }

    private static T Try<T>(string what, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to {what}: {e.Message}", e);
        }
    }
}

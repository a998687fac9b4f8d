using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Send.Clean;

/// <summary>
/// <c>qmail-clean</c>: fd 0 requests, fd 1 replies (docs/ARCHITECTURE.md).
/// </summary>
public static class QmailCleanProgram
{
    /// <summary>Runs until the end of its input.</summary>
    public static int Run(ProgramContext context)
    {
        Lifeline.Watch(context);
        Confinement.RefusePrograms();
        CleanServer server = new(FileSystem.Real, context.In("queue/mess"));
        byte[] block = new byte[4096];
        int got;
        Watchdog watch = new("qmail-clean");
        while ((got = Fd.Read(0, block)) > 0)
        {
            watch.Begin();
            server.Handle(block.AsSpan(0, got), answer => Fd.WriteAll(1, [answer]));
            watch.End();
        }

        return ExitCode.Success;
    }
}

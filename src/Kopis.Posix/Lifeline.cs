using System.Globalization;
using Kopis.Base;

namespace Kopis.Posix;

/// <summary>Ends this process when its supervisor is gone, however that ended. Only the supervisor
/// holds the other end of a pipe, whose number is in <c>KOPIS_LIFELINE</c>.</summary>
public static class Lifeline
{
    /// <summary>The variable that names the descriptor.</summary>
    public const string Variable = "KOPIS_LIFELINE";

    private const int ChildsNumber = 9;

    /// <summary>A program of ours that ends with its supervisor: it gets this end of the pipe.
    /// </summary>
    public static ProcessStart Give(ProcessStart program, int end)
    {
        ByteEnvironment environment = new(program.Environment);
        environment.SetText(Variable, ChildsNumber.ToString(CultureInfo.InvariantCulture));
        return program with
        {
            Environment = environment,
            Descriptors = new Dictionary<int, int>(program.Descriptors) { [ChildsNumber] = end },
        };
    }

    /// <summary>Watches the pipe, if there is one. The variable is removed from the environment,
    /// because it is of no use to programs started from here.</summary>
    public static void Watch(ProgramContext context)
    {
        string? value = context.Environment.Text(Variable);
        context.Environment[Variable] = null;
        if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int fd)
            || !Fd.IsOpen(fd))
        {
            return;
        }

        Fd.SetCloseOnExec(fd);
        Thread thread = new(() => WaitForEnd(fd)) { IsBackground = true, Name = "lifeline" };
        thread.Start();
    }

    private static void WaitForEnd(int fd)
    {
        // All children watch one pipe, and an attacker who controls one of them can make it
        // non-blocking for all. So only the end of the pipe counts, not a read that finds nothing.
        byte[] ignored = new byte[1];
        Poller poller = new();
        poller.Add(fd, read: true);
        do
        {
            poller.Wait(null);
        }
        while (Fd.Read(fd, ignored) != 0);

        Processes.ExitNow(ExitCode.Temporary);
    }
}

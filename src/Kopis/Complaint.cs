using Kopis.Base;
using Kopis.Posix;

namespace Kopis;

/// <summary>The last that a program says where it cannot do its work.</summary>
internal static class Complaint
{
    private const int SignalPipe = 13;

    /// <summary>Writes the line, bytes as they were given.</summary>
    /// <returns>The exit code.</returns>
    internal static int Print(string name, ConfigurationException reason)
    {
        for (Exception? inner = reason; inner is not null; inner = inner.InnerException)
        {
            if (inner is PosixException { IsOutputClosed: true })
            {
                return EndByPipe();
            }
        }

        if (!reason.IsSilent)
        {
            try
            {
                Fd.WriteAll(2, RawText.ToBytes(LogPriority.Mark(
                    $"{reason.Program ?? name}: {reason.Label}{reason.Message}\n")));
            }
            catch (PosixException)
            {
                // It cannot be written; the exit code is left.
            }
        }

        return reason.Code;
    }

    /// <summary>Who prints for a reader that has enough ends as others do: by SIGPIPE, in
    /// silence. The runtime has us ignore that signal.</summary>
    internal static int EndByPipe()
    {
        Processes.ResetSignal(SignalPipe);
        Processes.Signal(Processes.Id, SignalPipe);
        return ExitCode.Temporary;
    }
}

using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Tools.DotQmail;

/// <summary>Runs the command of a .qmail program, such as <c>except COMMAND</c>.</summary>
internal static class ToolChild
{
    /// <summary>Runs the command to its end, with our descriptors except those named.</summary>
    /// <returns>How it ended. If it cannot be started, 111 if that may be temporary, else 100.
    /// </returns>
    internal static WaitStatus Run(
        ProgramContext context, IReadOnlyList<byte[]> words, int standardInput = 0) =>
        TryStart(context, words, standardInput, out int pid, out int errno)
            ? Processes.Wait(pid)
            : CannotRun(errno);

    /// <summary>Runs the command with a text followed by our standard input as its input.</summary>
    /// <param name="context">Our own context.</param>
    /// <param name="words">The command.</param>
    /// <param name="first">The text.</param>
    /// <param name="mustRead">Whether it is an error if the command does not read everything.
    /// </param>
    /// <param name="codeWithout">The exit code if the command cannot be run; null for 111 if that
    /// may be temporary, else 100.</param>
    /// <exception cref="ConfigurationException">The command cannot be run, or its input cannot be
    /// copied.</exception>
    internal static WaitStatus Feed(
        ProgramContext context, IReadOnlyList<byte[]> words, ReadOnlySpan<byte> first,
        bool mustRead = true, int? codeWithout = null)
    {
        (int read, int write) = Fd.Pipe();
        bool started = TryStart(context, words, read, out int pid, out int errno);
        Fd.Close(read);
        if (!started)
        {
            Fd.Close(write);
            throw new ConfigurationException(
                $"unable to run {RawText.Of(words[0])}: {FileErrors.Text(errno)}",
                codeWithout ?? CannotRun(errno).ExitCode);
        }

        string? trouble = TryCopy(write, first, mustRead);
        Fd.Close(write);
        WaitStatus status = Processes.Wait(pid);
        return trouble is null
            ? status
            : throw new ConfigurationException($"unable to copy input: {trouble}");
    }

    /// <summary>The command's exit code. The caller handles 0; 111 and a crash are reported here.
    /// </summary>
    /// <exception cref="ConfigurationException">The command crashed or asked for another try.
    /// </exception>
    internal static int CodeOf(WaitStatus status) =>
        status.Crashed ? throw new ConfigurationException("child crashed")
        : status.ExitCode == ExitCode.Temporary
            ? throw new ConfigurationException("temporary child error")
            : status.ExitCode;

    private static string? TryCopy(int to, ReadOnlySpan<byte> first, bool mustRead)
    {
        byte[] block = new byte[MessageBody.BlockBytes];
        try
        {
            Fd.WriteAll(to, first);
            int got;
            while ((got = Fd.Read(0, block)) > 0)
            {
                Fd.WriteAll(to, block.AsSpan(0, got));
            }

            return null;
        }
        catch (PosixException e)
        {
            return e.Number == Errno.BrokenPipe && !mustRead ? null : FileErrors.Text(e.Number);
        }
    }

    private static bool TryStart(
        ProgramContext context, IReadOnlyList<byte[]> words, int standardInput,
        out int pid, out int errno)
    {
        pid = 0;
        if (ProgramPath.Find(context.Environment, words[0], out errno) is not { } path)
        {
            return false;
        }

        try
        {
            pid = new ProcessStart
            {
                Path = path,
                Arguments = words,
                Environment = context.Environment,
                Descriptors = new Dictionary<int, int> { [0] = standardInput, [1] = 1, [2] = 2 },
            }.Start();
            return true;
        }
        catch (PosixException e)
        {
            errno = e.Number;
            return false;
        }
    }

    private static WaitStatus CannotRun(int errno) => new(
        (FileErrors.IsTemporary(errno) ? ExitCode.Temporary : ExitCode.Permanent) << 8);
}

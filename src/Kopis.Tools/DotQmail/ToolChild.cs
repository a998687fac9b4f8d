using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Tools.DotQmail;

/// <summary>The command that a program of .qmail lines runs: <c>except COMMAND</c>.</summary>
internal static class ToolChild
{
    /// <summary>Runs it to its end, with our descriptors except those named.</summary>
    /// <returns>How it ended; where it cannot be started, 111 if that may pass, else 100.</returns>
    internal static WaitStatus Run(
        ProgramContext context, IReadOnlyList<byte[]> words, int standardInput = 0) =>
        TryStart(context, words, standardInput, out int pid, out int errno)
            ? Processes.Wait(pid)
            : CannotRun(errno);

    /// <summary>Runs it with text, then our standard input, as its own.</summary>
    /// <param name="context">Our own.</param>
    /// <param name="words">The command.</param>
    /// <param name="first">The text.</param>
    /// <param name="mustRead">Whether it is an error that it does not read to the end.</param>
    /// <param name="codeWithout">The exit code where it cannot be run; null: 111 if that may pass,
    /// else 100.</param>
    /// <exception cref="ConfigurationException">It cannot be run, or what it reads cannot be
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

    /// <summary>Its exit code. The caller handles 0; 111 and a crash are reported here.
    /// </summary>
    /// <exception cref="ConfigurationException">It crashed or asked for another try.</exception>
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

using System.Diagnostics;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Local.Spawn;

/// <summary>Runs a site's own <c>bin/qmail-getpw LOCAL</c>, with limits on its time and output.
/// </summary>
internal static class ForeignGetpw
{
    private const int Kill = 9;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(8);

    /// <summary>Returns its exit code and output (<see cref="LookupResult.OfAnswer"/>).</summary>
    internal static byte[] Run(ProgramContext context, byte[] local)
    {
        (int read, int write) = Fd.Pipe();
        int none = Fd.Open("/dev/null", OpenFlags.ReadOnly);
        int pid;
        try
        {
            pid = new ProcessStart
            {
                Path = context.In("bin/qmail-getpw"),
                Arguments = ["bin/qmail-getpw"u8.ToArray(), local],
                Environment = context.Environment,
                Directory = context.Home,
                OwnGroup = true,
                Descriptors = new Dictionary<int, int> { [0] = none, [1] = write, [2] = 2 },
            }.Start();
        }
        catch (PosixException)
        {
            Fd.Close(read);
            return [SpawnCode.CannotRunGetpw];
        }
        finally
        {
            Fd.Close(write);
            Fd.Close(none);
        }

        byte[]? output = Read(read);
        Fd.Close(read);
        if (output is null)
        {
            Processes.Signal(-pid, Kill); // It leads a process group of its own.
        }

        WaitStatus status = Processes.Wait(pid);
        return status.Crashed || output is null ? [SpawnCode.System]
            : [(byte)status.ExitCode, .. output];
    }

    /// <summary>Reads its whole output; null if that is too long, or takes too long.</summary>
    private static byte[]? Read(int fd)
    {
        long began = Stopwatch.GetTimestamp();
        byte[] output = new byte[LookupResult.AnswerBytesMax];
        int length = 0;
        while (length < output.Length)
        {
            TimeSpan left = Timeout - Stopwatch.GetElapsedTime(began);
            if (left <= TimeSpan.Zero || !Poller.WaitReadable(fd, left))
            {
                return null;
            }

            int got = Fd.Read(fd, output.AsSpan(length));
            if (got <= 0)
            {
                return output[..length];
            }

            length += got;
        }

        return null;
    }
}

using System.Buffers;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Remote;

/// <summary>Runs a foreign qmail-remote (QMAILREMOTE) for each recipient; its output is read as
/// qmail-rspawn reads it (contract §8.1). If it cannot be run, mail is deferred and the report says
/// why. The mail is never bounced for that, nor sent by our own sessions instead.</summary>
/// <param name="word">A path, or a name to find in PATH.</param>
/// <param name="environment">Its environment.</param>
internal sealed class ForeignRemote(byte[] word, ByteEnvironment environment)
{
    private const int OutputBytesMax = 64 * 1024;

    /// <summary>Runs it until it ends.</summary>
    internal Outcome Deliver(byte[] host, byte[] sender, byte[] recipient, IRemoteMessage message)
    {
        if (ProgramPath.Find(environment, word) is not { } path)
        {
            return CannotRun($"QMAILREMOTE, {LogText.Safe(word)}: not found");
        }

        int input = CopyMessage(message);
        (int read, int write) = Fd.Pipe();
        try
        {
            int pid = new ProcessStart
            {
                Path = path,
                Arguments = ["qmail-remote"u8.ToArray(), host, sender, recipient],
                Environment = environment,
                OwnGroup = true,
                Descriptors = new Dictionary<int, int> { [0] = input, [1] = write, [2] = 2 },
            }.Start();
            Fd.Close(write);
            write = -1;
            byte[] output = ReadAll(read);
            return Judge(Processes.Wait(pid), output);
        }
        catch (PosixException e)
        {
            return CannotRun(e.Message);
        }
        finally
        {
            Fd.Close(input);
            Fd.Close(read);
            if (write >= 0)
            {
                Fd.Close(write);
            }
        }
    }

    /// <summary>The result for an exit code and an output.</summary>
    internal static Outcome Judge(WaitStatus status, ReadOnlySpan<byte> output)
    {
        if (status.Crashed)
        {
            return Outcome.Retry("qmail-remote crashed.\n");
        }

        if (status.ExitCode != 0)
        {
            return status.ExitCode switch
            {
                ExitCode.Permanent => Outcome.Failed("Unable to run qmail-remote.\n"),
                ExitCode.Temporary => Outcome.Retry("Unable to run qmail-remote.\n"),
                int code => CannotRun($"exit code {code}"),
            };
        }

        return output.IsEmpty
            ? Outcome.Retry("qmail-remote produced no output.\n")
            : Parse(output);
    }

    private static Outcome CannotRun(string reason) =>
        Outcome.Retry($"Unable to run qmail-remote.\n{reason} (#4.3.0)\n");

    private static Outcome Parse(ReadOnlySpan<byte> output)
    {
        RemoteReport report = new();
        bool first = true;
        while (!output.IsEmpty)
        {
            int end = output.IndexOf((byte)0);
            ReadOnlySpan<byte> one = end < 0 ? output : output[..end];
            output = end < 0 ? [] : output[(end + 1)..];
            char letter = one.IsEmpty ? ' ' : (char)one[0];
            if (letter is 'K' or 'Z' or 'D')
            {
                report.End(letter, "", one[1..]);
                break;
            }

            if (first && (letter is 'r' or 'h' or 's'))
            {
                report.Add(letter, one[1..].ToArray());
            }

            first = false;
        }

        return report.For(0);
    }

    private static int CopyMessage(IRemoteMessage message)
    {
        int fd = UnnamedFile.InMemory("message");
        byte[] block = new byte[64 * 1024];
        int got;
        for (long done = 0; (got = message.Read(done, block)) > 0; done += got)
        {
            Fd.WriteAll(fd, block.AsSpan(0, got));
        }

        Fd.Seek(fd, 0);
        return fd;
    }

    private static byte[] ReadAll(int fd)
    {
        ArrayBufferWriter<byte> all = new();
        byte[] block = new byte[4096];
        int got;
        while ((got = Fd.Read(fd, block)) > 0)
        {
            all.Write(block.AsSpan(0, Math.Min(got, OutputBytesMax - all.WrittenCount)));
        }

        return all.WrittenSpan.ToArray();
    }
}

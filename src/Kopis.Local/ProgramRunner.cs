using System.Buffers;
using System.Text;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local;

/// <summary>Runs one <c>|command</c> line (contract §7.7).</summary>
internal static class ProgramRunner
{
    private const int OutputBytesMax = 16 * 1024; // More than any report keeps.
    private static readonly byte[] Shell = "/bin/sh"u8.ToArray();

    /// <summary>Runs to the end.</summary>
    /// <param name="command">What stands after the bar.</param>
    /// <param name="home">Its working directory.</param>
    /// <param name="environment">All of its environment.</param>
    /// <param name="message">Its standard input, at the start.</param>
    /// <param name="output">What it prints is appended, cut at a limit.</param>
    internal static WaitStatus Run(
        byte[] command, byte[] home, ByteEnvironment environment, LocalMessage message,
        IBufferWriter<byte> output)
    {
        int input = message.OpenForProgram();
        (int read, int write) = Fd.Pipe();
        try
        {
            int pid = new ProcessStart
            {
                Path = "/bin/sh",
                Arguments = [Shell, "-c"u8.ToArray(), command],
                Environment = environment,
                Directory = Encoding.UTF8.GetString(home),
                OwnGroup = true,
                Descriptors = new Dictionary<int, int> { [0] = input, [1] = write, [2] = write },
            }.Start();
            Fd.Close(write);
            write = -1;
            Collect(read, output);
            return Processes.Wait(pid);
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

    private static void Collect(int fd, IBufferWriter<byte> output)
    {
        byte[] block = new byte[4096];
        int room = OutputBytesMax;
        int got;
        while ((got = Fd.Read(fd, block)) > 0)
        {
            output.Write(block.AsSpan(0, Math.Min(room, got)));
            room -= Math.Min(room, got);
        }
    }
}

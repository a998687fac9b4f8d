using System.Buffers;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.Network;

/// <summary>
/// Copies between the network, on descriptors 0 and 1, and a program. Each way has a thread: a side
/// that does not read delays only its own input.
/// </summary>
/// <param name="input">Sees and may change the program's input.</param>
/// <param name="output">The same for its output.</param>
internal sealed class Relay(LineEnds.Transform input, LineEnds.Transform output)
{
    /// <summary>The program's standard input.</summary>
    internal const int ToProgram = 3;

    /// <summary>The program's standard output.</summary>
    internal const int FromProgram = 4;

    private const int BlockBytes = 64 * 1024;

    /// <summary>Runs until the program's output ends or the network is gone.</summary>
    internal int Run()
    {
        Thread thread = new(() =>
        {
            Copy(0, ToProgram, input);
            Fd.Close(ToProgram);
        })
        { IsBackground = true, Name = "input" };
        thread.Start();
        Copy(FromProgram, 1, output);
        return ExitCode.Success;
    }

    private static void Copy(int from, int to, LineEnds.Transform transform)
    {
        byte[] block = new byte[BlockBytes];
        ArrayBufferWriter<byte> changed = new(2 * BlockBytes);
        try
        {
            int got;
            do
            {
                got = Read(from, block);
                transform(block.AsSpan(0, got), changed);
                Fd.WriteAll(to, changed.WrittenSpan);
                changed.ResetWrittenCount();
            }
            while (got > 0);
        }
        catch (PosixException)
        {
            // One of the two is gone, or reads no more; its peer sees the end.
        }
    }

    // A socket that somebody made non-blocking has not ended.
    private static int Read(int fd, byte[] to)
    {
        int got;
        while ((got = Fd.Read(fd, to)) < 0)
        {
            Poller.WaitReadable(fd, TimeSpan.FromDays(1));
        }

        return got;
    }
}

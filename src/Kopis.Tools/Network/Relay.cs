using System.Buffers;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.Network;

/// <summary>Copies between the network, on descriptors 0 and 1, and a program. Each direction has a
/// thread, so a side that does not read delays only its own input.</summary>
/// <param name="input">Sees the program's input, and may change it.</param>
/// <param name="output">Sees the program's output, and may change it.</param>
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
            // One side is gone, or reads no more; the other side then sees the end.
        }
    }

    // A non-blocking socket without data has not ended.
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

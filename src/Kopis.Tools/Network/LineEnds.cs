using System.Buffers;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.Network;

/// <summary><c>addcr</c> and <c>delcr</c>: convert line ends between the network and this host
/// (contract §12.4).</summary>
public static class LineEnds
{
    private const int BlockBytes = 64 * 1024;

    /// <summary><c>addcr</c>: puts a CR before each LF.</summary>
    public static int AddCr(ProgramContext context) => Copy(0, 1, Add());

    /// <summary><c>delcr</c>: removes the CR before an LF; other CRs stay.</summary>
    public static int DelCr(ProgramContext context) => Copy(0, 1, Delete());

    /// <summary>Puts a CR before each LF. Blocks may begin and end anywhere.</summary>
    internal static Transform Add() => (block, to) =>
    {
        int end;
        while ((end = block.IndexOf((byte)'\n')) >= 0)
        {
            to.Write(block[..end]);
            to.Write("\r\n"u8);
            block = block[(end + 1)..];
        }

        to.Write(block);
    };

    /// <summary>Removes each CR before an LF. Blocks may begin and end anywhere; an empty one is
    /// the end.</summary>
    internal static Transform Delete()
    {
        bool pending = false;
        return (block, to) =>
        {
            if (pending && (block.IsEmpty || block[0] != (byte)'\n'))
            {
                to.Write("\r"u8);
            }

            pending = block.Length > 0 && block[^1] == (byte)'\r';
            block = pending ? block[..^1] : block;
            int end;
            while ((end = block.IndexOf("\r\n"u8)) >= 0)
            {
                to.Write(block[..end]);
                to.Write("\n"u8);
                block = block[(end + 2)..];
            }

            to.Write(block);
        };
    }

    /// <summary>Puts a CR before each LF that has none. Blocks may begin and end anywhere.
    /// </summary>
    internal static Transform Fix()
    {
        bool afterCr = false;
        return (block, to) =>
        {
            int end;
            while ((end = block.IndexOf((byte)'\n')) >= 0)
            {
                to.Write(block[..end]);
                afterCr = end > 0 ? block[end - 1] == (byte)'\r' : afterCr;
                to.Write(afterCr ? "\n"u8 : "\r\n"u8);
                afterCr = false;
                block = block[(end + 1)..];
            }

            to.Write(block);
            afterCr = block.IsEmpty ? afterCr : block[^1] == (byte)'\r';
        };
    }

    /// <summary>Copies a descriptor to its end.</summary>
    /// <returns>0, or 111 if reading or writing fails.</returns>
    internal static int Copy(int from, int to, Transform transform)
    {
        byte[] block = new byte[BlockBytes];
        ArrayBufferWriter<byte> output = new(2 * BlockBytes);
        try
        {
            int got;
            do
            {
                got = Fd.Read(from, block);
                transform(block.AsSpan(0, Math.Max(got, 0)), output);
                Fd.WriteAll(to, output.WrittenSpan);
                output.ResetWrittenCount();
            }
            while (got > 0);

            return ExitCode.Success;
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to copy: {e.Message}", e);
        }
    }

    /// <summary>Changes a block of the copied data.</summary>
    internal delegate void Transform(ReadOnlySpan<byte> block, IBufferWriter<byte> to);
}

using System.Buffers;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.Network;

/// <summary>Writes the lines of recordio for one direction: the program's process id, the
/// direction's mark, the bytes unchanged, and then a space if their line is complete, or a plus
/// sign if it is not. The bytes are passed on unchanged.</summary>
/// <param name="program">The program's process id.</param>
/// <param name="mark"><c>&lt;</c> for its input, <c>&gt;</c> for its output.</param>
internal sealed class PacketRecord(string program, byte[] mark)
{
    private const int StandardError = 2;
    private const int PieceBytesMax = 256; // Of a packet; a line of the record has no more.
    private const int WriteBytesMax = 4096; // PIPE_BUF: a write up to this stays in one piece.

    private readonly byte[] _start = [.. ByteText.ToBytes(program), (byte)' ', .. mark, (byte)' '];
    private readonly ArrayBufferWriter<byte> _lines = new(WriteBytesMax);

    /// <summary>Records a packet; an empty one is the end.</summary>
    internal void Write(ReadOnlySpan<byte> packet, IBufferWriter<byte> to)
    {
        if (packet.IsEmpty)
        {
            Line([], "[EOF]"u8);
        }

        for (ReadOnlySpan<byte> rest = packet; !rest.IsEmpty;)
        {
            ReadOnlySpan<byte> piece = rest[..Math.Min(rest.Length, PieceBytesMax)];
            rest = rest[piece.Length..];
            int end;
            while ((end = piece.IndexOf((byte)'\n')) >= 0)
            {
                Line(piece[..end], " "u8);
                piece = piece[(end + 1)..];
            }

            if (!piece.IsEmpty)
            {
                Line(piece, "+"u8);
            }
        }

        Flush(); // First, since the answer must come after it.
        to.Write(packet);
    }

    private void Line(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> end)
    {
        if (_lines.WrittenCount + _start.Length + bytes.Length + end.Length + 1 > WriteBytesMax)
        {
            Flush();
        }

        _lines.Write(_start);
        _lines.Write(bytes);
        _lines.Write(end);
        _lines.Write("\n"u8);
    }

    private void Flush()
    {
        try
        {
            Fd.WriteAll(StandardError, _lines.WrittenSpan);
        }
        catch (PosixException)
        {
            // The record cannot be written, but the program goes on.
        }

        _lines.ResetWrittenCount();
    }
}

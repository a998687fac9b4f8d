using System.Buffers;

namespace Kopis.Inject;

/// <summary>Turns CRLF into LF, piece by piece. A CR elsewhere is kept, but a CR at the very end
/// counts as half of a line end and is dropped.</summary>
internal sealed class LineEndDecoder
{
    private readonly ArrayBufferWriter<byte> _decoded = new();
    private bool _heldCr;

    /// <summary>Decodes the next piece. The memory returned before is no longer valid.</summary>
    internal ReadOnlyMemory<byte> Decode(ReadOnlySpan<byte> piece)
    {
        _decoded.ResetWrittenCount();
        _decoded.Write(_heldCr && piece[0] != (byte)'\n' ? "\r"u8 : ""u8);
        _heldCr = piece[^1] == (byte)'\r';
        piece = _heldCr ? piece[..^1] : piece;
        int end;
        while ((end = piece.IndexOf("\r\n"u8)) >= 0)
        {
            _decoded.Write(piece[..end]);
            piece = piece[(end + 1)..];
        }

        _decoded.Write(piece);
        return _decoded.WrittenMemory;
    }
}

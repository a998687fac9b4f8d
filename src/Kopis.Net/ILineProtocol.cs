using System.Buffers;

namespace Kopis.Net;

/// <summary>The grammar behind a <see cref="LinePump"/>: lines in, replies out, without I/O.
/// </summary>
public interface ILineProtocol
{
    /// <summary>The longest line, in bytes without its line end.</summary>
    int LineBytesMax { get; }

    /// <summary>Handles a line without its LF or CRLF.</summary>
    LineStep OnLine(ReadOnlySpan<byte> line, IBufferWriter<byte> reply);

    /// <summary>Handles a line that was too long; nothing of it was kept.</summary>
    LineStep OnLineTooLong(IBufferWriter<byte> reply);
}

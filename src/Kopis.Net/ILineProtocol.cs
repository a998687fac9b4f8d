using System.Buffers;

namespace Kopis.Net;

/// <summary>The grammar behind a <see cref="LinePump"/>: lines in, replies out, no I/O.</summary>
public interface ILineProtocol
{
    /// <summary>The longest line taken, in bytes without its line end.</summary>
    int LineBytesMax { get; }

    /// <summary>Reads one line, without its LF or CRLF.</summary>
    LineStep OnLine(ReadOnlySpan<byte> line, IBufferWriter<byte> reply);

    /// <summary>Reads the end of a line over the limit, of which nothing was kept.</summary>
    LineStep OnLineTooLong(IBufferWriter<byte> reply);
}

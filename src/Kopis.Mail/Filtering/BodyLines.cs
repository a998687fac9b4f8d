using System.Buffers;

namespace Kopis.Mail.Filtering;

/// <summary>Converts a body's line ends, in pieces of any size: LF as it is stored, CRLF as filters
/// have it.</summary>
public sealed class BodyLines
{
    private bool _sawCr;

    /// <summary>Writes stored lines as CRLF.</summary>
    public static void ToNetwork(ReadOnlySpan<byte> stored, IBufferWriter<byte> to)
    {
        while (!stored.IsEmpty)
        {
            int end = stored.IndexOf((byte)'\n');
            to.Write(end < 0 ? stored : stored[..end]);
            to.Write(end < 0 ? [] : "\r\n"u8);
            stored = end < 0 ? [] : stored[(end + 1)..];
        }
    }

    /// <summary>Writes lines as they are stored. A CR that does not end a line is kept.</summary>
    public void ToStored(ReadOnlySpan<byte> piece, IBufferWriter<byte> to)
    {
        foreach (byte b in piece)
        {
            if (_sawCr && b != (byte)'\n')
            {
                to.Write("\r"u8);
            }

            _sawCr = b == (byte)'\r';
            if (!_sawCr)
            {
                to.Write([b]);
            }
        }
    }

    /// <summary>Ends the body: a CR that waited for its LF is written.</summary>
    public void End(IBufferWriter<byte> to)
    {
        if (_sawCr)
        {
            _sawCr = false;
            to.Write("\r"u8);
        }
    }
}

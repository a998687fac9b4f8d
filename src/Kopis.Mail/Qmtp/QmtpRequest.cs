using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Qmtp;

/// <summary>What a client of QMTP sends (cr.yp.to/proto/qmtp.txt): the message with lines that end
/// in LF, the sender, the recipients.</summary>
public static class QmtpRequest
{
    /// <summary>The first byte of a message whose lines end in LF.</summary>
    private const int MarkBytes = 1;

    /// <summary>The longest message that fits into a netstring.</summary>
    public const long MessageBytesMax = Netstring.LengthMax - MarkBytes;

    /// <summary>Writes what precedes the message's bytes.</summary>
    public static void WriteHead(IBufferWriter<byte> to, long messageBytes)
    {
        Netstring.WriteHead(to, messageBytes + MarkBytes);
        to.Write("\n"u8);
    }

    /// <summary>Writes what follows the message's bytes.</summary>
    public static void WriteEnvelope(
        IBufferWriter<byte> to, ReadOnlySpan<byte> sender, IEnumerable<byte[]> recipients)
    {
        to.Write(","u8);
        Netstring.Write(to, sender);
        ArrayBufferWriter<byte> list = new();
        foreach (byte[] recipient in recipients)
        {
            Netstring.Write(list, recipient);
        }

        Netstring.Write(to, list.WrittenSpan);
    }
}

using System.Buffers;
using System.Net.Sockets;
using System.Text;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Tests;

/// <summary>The intake's frames as bytes, and its answers.</summary>
internal static class Frames
{
    /// <summary>A whole intake in two pieces.</summary>
    internal static byte[] IntakeMessage(string body, string envelope, uint qp = 0)
    {
        ArrayBufferWriter<byte> to = new();
        IntakeFrame.WriteBegin(to, MessageOrigin.Network, qp);
        Piece(to, IntakeFrame.Message, body[..(body.Length / 2)]);
        Piece(to, IntakeFrame.Message, body[(body.Length / 2)..]);
        Piece(to, IntakeFrame.End, envelope);
        return to.WrittenSpan.ToArray();
    }

    /// <summary>The next answer; null where the writer closes instead.</summary>
    internal static QueueReply? Answer(Socket socket)
    {
        byte[] reply = new byte[IntakeFrame.ReplyBytes];
        int got = 0;
        try
        {
            for (int more; got < reply.Length; got += more)
            {
                more = socket.Receive(reply.AsSpan(got));
                if (more == 0)
                {
                    return null;
                }
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return null; // It closed while bytes of ours were on the way.
        }

        return IntakeReply.Read(reply);
    }

    private static void Piece(ArrayBufferWriter<byte> to, byte tag, string text)
    {
        IntakeFrame.WriteHead(to, tag, text.Length);
        to.Write(Encoding.Latin1.GetBytes(text));
    }
}

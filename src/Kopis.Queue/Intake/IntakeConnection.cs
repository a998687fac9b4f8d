using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;

namespace Kopis.Queue;

/// <summary>
/// A client of the queue writer, for programs that wait for it: qmail-queue, qmail-local's
/// forwards, qmail-send's bounces. Failures show in the reply's code, as qmail-queue's would.
/// </summary>
public sealed class IntakeConnection : IDisposable
{
    private readonly Socket _socket = new(
        AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly ArrayBufferWriter<byte> _pending = new(4096);
    private int _code;
    private uint _qp;

    /// <summary>Connects to <c>queue/intake</c> of a home.</summary>
    /// <param name="home">The qmail home.</param>
    /// <param name="timeout">How long one step may take before it counts as lost.</param>
    public IntakeConnection(string home, TimeSpan timeout)
    {
        _socket.SendTimeout = _socket.ReceiveTimeout = (int)timeout.TotalMilliseconds;
        try
        {
            _socket.Connect(new UnixDomainSocketEndPoint(IntakeFrame.SocketPath(home)));
        }
        catch (SocketException)
        {
            _code = QueueCode.NoConnection;
        }
    }

    /// <summary>Begins a submission.</summary>
    /// <param name="origin">Where it comes from; the writer believes the kernel first.</param>
    /// <param name="qp">The number for its Received line; 0 lets the writer choose.</param>
    public void Begin(MessageOrigin origin, uint qp)
    {
        _qp = qp;
        Span<byte> frame = _pending.GetSpan(IntakeFrame.BeginBytes);
        frame[0] = IntakeFrame.Begin;
        frame[1] = (byte)origin;
        BinaryPrimitives.WriteUInt32LittleEndian(frame[2..], qp);
        _pending.Advance(IntakeFrame.BeginBytes);
    }

    /// <summary>Adds to the message.</summary>
    public void Write(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            int piece = Math.Min(data.Length, QueueLimits.BlockBytesMax);
            Frame(IntakeFrame.Message, data[..piece]);
            data = data[piece..];
            if (_pending.WrittenCount >= QueueLimits.BlockBytesMax)
            {
                Flush();
            }
        }
    }

    /// <summary>Ends the submission and waits until it is durable or refused.</summary>
    public QueueReply Finish(ReadOnlySpan<byte> envelope)
    {
        if (envelope.Length > QueueLimits.EnvelopeBytesMax)
        {
            return new QueueReply(QueueCode.OutOfMemory, _qp, 0);
        }

        Frame(IntakeFrame.End, envelope);
        Flush();
        byte[] reply = new byte[IntakeFrame.ReplyBytes];
        return _code == 0 && TryReceive(reply)
            ? IntakeReply.Read(reply)
            : new QueueReply(_code == 0 ? QueueCode.ConnectionLost : _code, _qp, 0);
    }

    /// <summary>Leaves; a submission without <see cref="Finish"/> is not queued.</summary>
    public void Dispose() => _socket.Dispose();

    private void Frame(byte tag, ReadOnlySpan<byte> data)
    {
        Span<byte> head = _pending.GetSpan(IntakeFrame.LengthBytes);
        head[0] = tag;
        BinaryPrimitives.WriteInt32LittleEndian(head[1..], data.Length);
        _pending.Advance(IntakeFrame.LengthBytes);
        _pending.Write(data);
    }

    private void Flush()
    {
        ReadOnlySpan<byte> rest = _pending.WrittenSpan;
        try
        {
            while (_code == 0 && !rest.IsEmpty)
            {
                rest = rest[_socket.Send(rest)..];
            }
        }
        catch (SocketException)
        {
            _code = QueueCode.ConnectionLost;
        }

        _pending.ResetWrittenCount();
    }

    private bool TryReceive(Span<byte> reply)
    {
        try
        {
            while (!reply.IsEmpty)
            {
                int got = _socket.Receive(reply);
                if (got == 0)
                {
                    return false;
                }

                reply = reply[got..];
            }

            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

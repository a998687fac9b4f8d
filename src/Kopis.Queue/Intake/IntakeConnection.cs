using System.Buffers;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Intake;

/// <summary>A client of the queue writer for programs that may block: qmail-queue, forwards of
/// qmail-local, bounces of qmail-send. It queues any number of messages one after another. Failures
/// are reported by the code of the reply, as by qmail-queue: 56 if no writer listens, 74 if the
/// connection was lost. The connection cannot be used after that.</summary>
public sealed class IntakeConnection : IIntakeConnection
{
    private readonly Socket _socket = new(
        AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly ArrayBufferWriter<byte> _pending = new(4096);
    private int _code;
    private uint _qp;

    /// <summary>Connects to <c>queue/intake</c> of a home.</summary>
    /// <param name="home">The qmail home.</param>
    /// <param name="timeout">How long one step may take before the connection counts as lost.
    /// </param>
    public IntakeConnection(string home, TimeSpan timeout)
    {
        _socket.SendTimeout = _socket.ReceiveTimeout = (int)timeout.TotalMilliseconds;
        try
        {
            _socket.Connect(UnixListener.EndPoint(IntakeFrame.SocketPath(home)));
        }
        catch (Exception e) when (e is SocketException or ConfigurationException)
        {
            _code = QueueCode.NoConnection;
        }
    }

    /// <inheritdoc/>
    public void Begin(MessageOrigin origin, uint qp)
    {
        _qp = qp;
        IntakeFrame.WriteBegin(_pending, origin, qp);
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            int piece = Math.Min(data.Length, IntakeFrame.PieceBytes);
            IntakeFrame.WriteHead(_pending, IntakeFrame.Message, piece);
            _pending.Write(data[..piece]);
            data = data[piece..];
            if (_pending.WrittenCount >= IntakeFrame.PieceBytes)
            {
                Flush(_pending.WrittenSpan);
                _pending.ResetWrittenCount();
            }
        }
    }

    /// <inheritdoc/>
    public QueueReply Finish(ReadOnlySpan<byte> envelope)
    {
        if (envelope.Length > QueueLimits.EnvelopeBytesMax)
        {
            _code = QueueCode.OutOfMemory; // It cannot be ended: not used again.
            return new QueueReply(_code, _qp, 0);
        }

        IntakeFrame.WriteHead(_pending, IntakeFrame.End, envelope.Length);
        Flush(_pending.WrittenSpan);
        _pending.ResetWrittenCount();
        Flush(envelope);
        byte[] reply = new byte[IntakeFrame.ReplyBytes];
        if (_code == 0 && TryReceive(reply))
        {
            return IntakeReply.Read(reply);
        }

        _code = _code == 0 ? QueueCode.ConnectionLost : _code;
        return new QueueReply(_code, _qp, 0);
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private void Flush(ReadOnlySpan<byte> rest)
    {
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

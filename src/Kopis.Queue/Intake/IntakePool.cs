using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Kopis.Queue;

/// <summary>
/// Asynchronous clients of the queue writer, over connections that are used again. A connection
/// whose writer went away while it was idle is noticed before it is used.
/// </summary>
public sealed class IntakePool(string home) : ISubmissionClient, IDisposable
{
    private const int IdleMax = 64;

    private readonly ConcurrentBag<Socket> _idle = [];
    private readonly UnixDomainSocketEndPoint _endPoint = new(IntakeFrame.SocketPath(home));

    /// <inheritdoc/>
    public async ValueTask<ISubmission> BeginAsync(
        MessageOrigin origin, uint qp, CancellationToken stop)
    {
        Pooled submission = new(this, await ConnectAsync(stop), qp);
        submission.Begin(origin, qp);
        return submission;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_idle.TryTake(out Socket? socket))
        {
            socket.Dispose();
        }
    }

    private async ValueTask<Socket?> ConnectAsync(CancellationToken stop)
    {
        while (_idle.TryTake(out Socket? idle))
        {
            // Nothing is owed to us, so readable means closed.
            if (!idle.Poll(0, SelectMode.SelectRead))
            {
                return idle;
            }

            idle.Dispose();
        }

        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(_endPoint, stop);
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return null;
        }
    }

    private void Return(Socket socket)
    {
        if (_idle.Count < IdleMax)
        {
            _idle.Add(socket);
        }
        else
        {
            socket.Dispose();
        }
    }

    private sealed class Pooled(IntakePool pool, Socket? socket, uint qp) : ISubmission
    {
        private readonly ArrayBufferWriter<byte> _pending = new(1024);
        private Socket? _socket = socket;
        private bool _finished;
        private int _code = socket is null ? QueueCode.NoConnection : 0;

        public string? CustomText => null;

        public async ValueTask WriteAsync(ReadOnlyMemory<byte> block, CancellationToken stop)
        {
            while (!block.IsEmpty)
            {
                int piece = Math.Min(block.Length, QueueLimits.BlockBytesMax);
                Head(IntakeFrame.Message, piece);
                _pending.Write(block.Span[..piece]);
                block = block[piece..];
                if (_pending.WrittenCount >= QueueLimits.BlockBytesMax)
                {
                    await FlushAsync(stop);
                }
            }
        }

        public async ValueTask<QueueReply> FinishAsync(
            ReadOnlyMemory<byte> envelope, CancellationToken stop)
        {
            if (envelope.Length > QueueLimits.EnvelopeBytesMax)
            {
                return new QueueReply(QueueCode.OutOfMemory, qp, 0);
            }

            Head(IntakeFrame.End, envelope.Length);
            _pending.Write(envelope.Span);
            await FlushAsync(stop);
            byte[] reply = new byte[IntakeFrame.ReplyBytes];
            if (_code == 0 && await TryReceiveAsync(reply, stop))
            {
                _finished = true;
                return IntakeReply.Read(reply);
            }

            return new QueueReply(_code == 0 ? QueueCode.ConnectionLost : _code, qp, 0);
        }

        public ValueTask DisposeAsync()
        {
            if (_socket is not null && _finished)
            {
                pool.Return(_socket);
            }
            else
            {
                _socket?.Dispose(); // What is unfinished is thereby not queued.
            }

            _socket = null;
            return ValueTask.CompletedTask;
        }

        internal void Begin(MessageOrigin origin, uint number)
        {
            Span<byte> frame = _pending.GetSpan(IntakeFrame.BeginBytes);
            frame[0] = IntakeFrame.Begin;
            frame[1] = (byte)origin;
            BinaryPrimitives.WriteUInt32LittleEndian(frame[2..], number);
            _pending.Advance(IntakeFrame.BeginBytes);
        }

        private void Head(byte tag, int length)
        {
            Span<byte> head = _pending.GetSpan(IntakeFrame.LengthBytes);
            head[0] = tag;
            BinaryPrimitives.WriteInt32LittleEndian(head[1..], length);
            _pending.Advance(IntakeFrame.LengthBytes);
        }

        private async ValueTask FlushAsync(CancellationToken stop)
        {
            ReadOnlyMemory<byte> rest = _pending.WrittenMemory;
            try
            {
                while (_code == 0 && !rest.IsEmpty)
                {
                    rest = rest[await _socket!.SendAsync(rest, SocketFlags.None, stop)..];
                }
            }
            catch (SocketException)
            {
                _code = QueueCode.ConnectionLost;
            }

            _pending.ResetWrittenCount();
        }

        private async ValueTask<bool> TryReceiveAsync(Memory<byte> reply, CancellationToken stop)
        {
            try
            {
                while (!reply.IsEmpty)
                {
                    int got = await _socket!.ReceiveAsync(reply, SocketFlags.None, stop);
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
}

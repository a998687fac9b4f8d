using System.Buffers;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Intake;

/// <summary>One message over a connection of <see cref="IntakePool"/>.</summary>
internal sealed class PooledIntakeMessage : IIntakeMessage
{
    private readonly IntakePool _pool;
    private readonly uint _qp;
    private readonly PooledBuffer _pending = new();
    private Socket? _socket;
    private bool _isUsed; // Used before, but not for this message yet.
    private bool _isFinished;
    private int _code;

    internal PooledIntakeMessage(
        IntakePool pool, Socket? socket, bool isUsed, MessageOrigin origin, uint qp,
        bool headFollows, uint client)
    {
        (_pool, _socket, _isUsed, _qp) = (pool, socket, isUsed, qp);
        _code = socket is null ? QueueCode.NoConnection : 0;
        IntakeFrame.WriteBegin(_pending, origin, qp, headFollows, client);
    }

    public string? CustomText => null;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> block, CancellationToken stop)
    {
        while (!block.IsEmpty)
        {
            int piece = Math.Min(block.Length, IntakeFrame.PieceBytes);
            IntakeFrame.WriteHead(_pending, IntakeFrame.Message, piece);
            _pending.Write(block.Span[..piece]);
            block = block[piece..];
            if (_pending.Count >= IntakeFrame.PieceBytes)
            {
                _isUsed = false; // From here on it could not be sent again.
                await SendAsync(_pending.Written, stop);
                _pending.Clear();
            }
        }
    }

    public ValueTask WriteHeadAsync(ReadOnlyMemory<byte> fields, CancellationToken stop)
    {
        IntakeFrame.WriteHead(_pending, IntakeFrame.Head, fields.Length);
        _pending.Write(fields.Span);
        return ValueTask.CompletedTask;
    }

    public async ValueTask<QueueReply> FinishAsync(
        ReadOnlyMemory<byte> envelope, CancellationToken stop)
    {
        if (envelope.Length > QueueLimits.EnvelopeBytesMax)
        {
            return new QueueReply(QueueCode.OutOfMemory, _qp, 0);
        }

        IntakeFrame.WriteHead(_pending, IntakeFrame.End, envelope.Length);
        if (envelope.Length <= IntakeFrame.PieceBytes)
        {
            _pending.Write(envelope.Span); // Sent in one write with the rest.
            envelope = default;
        }

        byte[] reply = new byte[IntakeFrame.ReplyBytes];
        bool answered = await TryAskAsync(envelope, reply, stop);
        if (!answered && _isUsed && await TryReconnectAsync(stop))
        {
            answered = await TryAskAsync(envelope, reply, stop);
        }

        _isFinished = answered;
        return answered ? IntakeReply.Read(reply) : new QueueReply(_code, _qp, 0);
    }

    public ValueTask DisposeAsync()
    {
        _pending.Dispose();
        if (_socket is not null && _isFinished)
        {
            _pool.Return(_socket);
        }
        else
        {
            _socket?.Dispose(); // An unfinished message is thereby not queued.
        }

        _socket = null;
        return ValueTask.CompletedTask;
    }

    private async ValueTask<bool> TryReconnectAsync(CancellationToken stop)
    {
        _isUsed = false;
        _socket?.Dispose();
        _socket = await _pool.ConnectAsync(stop);
        _code = _socket is null ? QueueCode.NoConnection : 0;
        return _socket is not null;
    }

    private async ValueTask<bool> TryAskAsync(
        ReadOnlyMemory<byte> envelope, Memory<byte> reply, CancellationToken stop)
    {
        await SendAsync(_pending.Written, stop);
        await SendAsync(envelope, stop);
        try
        {
            while (_code == 0 && !reply.IsEmpty)
            {
                int got = await _socket!.ReceiveAsync(reply, SocketFlags.None, stop);
                _code = got == 0 ? QueueCode.ConnectionLost : 0;
                reply = reply[got..];
            }
        }
        catch (SocketException)
        {
            _code = QueueCode.ConnectionLost;
        }

        return _code == 0;
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> rest, CancellationToken stop)
    {
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
    }
}

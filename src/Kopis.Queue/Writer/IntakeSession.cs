using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using Kopis.Posix;

namespace Kopis.Queue;

/// <summary>
/// One client of the intake. Trusts nothing it says: lengths are capped before they are believed,
/// memory grows with what has arrived, and only the kernel names the client.
/// </summary>
internal sealed class IntakeSession : IDisposable
{
    private const int BufferBytes = 72 * 1024; // One whole message frame and some.
    private const int EnvelopeStepBytes = 64 * 1024;

    private readonly Socket _socket;
    private readonly QueueWriter _writer;
    private readonly uint _uid;
    private byte[] _buffer = [];
    private int _start;
    private int _end;

    internal IntakeSession(Socket socket, QueueWriter writer)
    {
        _socket = socket;
        _writer = writer;
        _uid = Credentials.OfPeer((int)socket.Handle).Uid;
    }

    /// <summary>A submission has begun and is not answered yet.</summary>
    internal bool Busy { get; private set; }

    /// <summary>Serves submissions until the client leaves or breaks the protocol.</summary>
    internal async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (await WaitForMoreAsync(stop) && await ServeOneAsync(stop))
            {
                Busy = false;
            }
        }
        catch (SocketException)
        {
            // The client is gone; what it had not finished is not queued.
        }
        finally
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        ReturnBuffer();
        _socket.Dispose();
    }

    /// <summary>Waits without a buffer, so that an idle client costs next to nothing.</summary>
    private async ValueTask<bool> WaitForMoreAsync(CancellationToken stop)
    {
        if (_start == _end)
        {
            ReturnBuffer();
            await _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, stop);
        }

        return await EnsureAsync(1, stop);
    }

    /// <summary>One submission; false ends the session.</summary>
    private async ValueTask<bool> ServeOneAsync(CancellationToken stop)
    {
        Busy = true;
        if (!await EnsureAsync(IntakeFrame.BeginBytes, stop)
            || _buffer[_start] != IntakeFrame.Begin)
        {
            return false;
        }

        using Submission submission = Begin(_buffer.AsSpan(_start + 1, 5));
        _start += IntakeFrame.BeginBytes;
        int code = Append(submission, _writer.ReceivedLine(submission));
        while (await EnsureAsync(IntakeFrame.LengthBytes, stop))
        {
            byte tag = _buffer[_start];
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_start + 1));
            _start += IntakeFrame.LengthBytes;
            if (tag == IntakeFrame.End && length <= QueueLimits.EnvelopeBytesMax)
            {
                return await FinishAsync(submission, code, (int)length, stop);
            }

            if (tag != IntakeFrame.Message || length > QueueLimits.BlockBytesMax
                || !await EnsureAsync((int)length, stop))
            {
                return false;
            }

            code = code == 0 ? Append(submission, _buffer.AsSpan(_start, (int)length)) : code;
            _start += (int)length;
        }

        return false;
    }

    private Submission Begin(ReadOnlySpan<byte> fields)
    {
        MessageOrigin origin = _writer.Trusted.Judge(_uid, fields[0]);
        uint qp = BinaryPrimitives.ReadUInt32LittleEndian(fields[1..]);
        return _writer.NewSubmission(origin, _uid, qp);
    }

    private static int Append(Submission submission, ReadOnlySpan<byte> block)
    {
        try
        {
            submission.Append(block);
            return 0;
        }
        catch (PosixException)
        {
            return QueueCode.WriteError;
        }
    }

    private async ValueTask<bool> FinishAsync(
        Submission submission, int code, int length, CancellationToken stop)
    {
        bool inBudget = _writer.Budget.TryTake(length);
        int share = inBudget ? length : 0;
        try
        {
            byte[]? envelope = await ReadEnvelopeAsync(length, inBudget, stop);
            if (envelope is null && inBudget)
            {
                return false;
            }

            code = code != 0 ? code
                : envelope is null ? QueueCode.OutOfMemory
                : Envelope.Check(envelope);
            code = code == 0 && !_writer.HasSpace(submission.Origin) ? QueueCode.WriteError : code;
            QueueReply reply = new(code, submission.Qp, 0);
            if (code == 0)
            {
                submission.Finish(envelope, share);
                share = 0; // Given back with the submission.
                reply = await _writer.CommitAsync(submission);
            }

            return await AnswerAsync(reply, stop);
        }
        finally
        {
            _writer.Budget.GiveBack(share);
        }
    }

    /// <summary>The envelope, or null: the client left, or it is read away unkept.</summary>
    private async ValueTask<byte[]?> ReadEnvelopeAsync(
        int length, bool keep, CancellationToken stop)
    {
        using MemoryStream kept = new(keep ? Math.Min(length, EnvelopeStepBytes) : 0);
        int left = length;
        while (left > 0)
        {
            if (!await EnsureAsync(1, stop))
            {
                return null;
            }

            int piece = Math.Min(left, _end - _start);
            if (keep)
            {
                kept.Write(_buffer, _start, piece);
            }

            _start += piece;
            left -= piece;
        }

        return keep ? kept.ToArray() : null;
    }

    private async ValueTask<bool> AnswerAsync(QueueReply reply, CancellationToken stop)
    {
        byte[] bytes = new byte[IntakeFrame.ReplyBytes];
        bytes[0] = (byte)reply.Code;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(1), reply.Qp);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(5), reply.MessageNumber);
        await _socket.SendAsync(bytes, SocketFlags.None, stop);
        return true;
    }

    /// <summary>Until so many bytes stand in the buffer; false when the client leaves before.
    /// </summary>
    private async ValueTask<bool> EnsureAsync(int count, CancellationToken stop)
    {
        if (_buffer.Length == 0)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
            _start = _end = 0;
        }

        if (_start + count > _buffer.Length)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        while (_end - _start < count)
        {
            int got = await _socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None, stop);
            if (got == 0)
            {
                return false;
            }

            _end += got;
        }

        return true;
    }

    private void ReturnBuffer()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            _start = _end = 0;
        }
    }
}

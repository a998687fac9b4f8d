using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>The session of one client. Nothing that the client sends is trusted: lengths are
/// limited before they are used, memory grows only with bytes that have arrived, and the kernel
/// identifies the client.</summary>
internal sealed class IntakeSession(Socket socket, IntakeUser user, QueueWriter writer)
    : IDisposable
{
    private const int BufferBytes = 16 * 1024; // A thousand busy clients may each have one.

    // qmail's own programs keep connections for their next message, so they have no deadline.
    private readonly Deadline? _deadline = user.IsOurs ? null : writer.NewDeadline(socket);

    private bool _hasLargePlace;
    private bool _headFollows;
    private byte[] _buffer = [];
    private int _start;
    private int _end;

    /// <summary>The user of the client.</summary>
    internal IntakeUser User => user;

    /// <summary>Serves messages until the client leaves or violates the protocol.</summary>
    /// <param name="stop">Ends the session if no message has begun.</param>
    /// <param name="end">Ends the session at any point; a message without a reply is not queued.
    /// </param>
    internal async Task RunAsync(CancellationToken stop, CancellationToken end)
    {
        try
        {
            while (await WaitForMoreAsync(stop) && await ServeOneAsync(end))
            {
                // One message after another.
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException
            || (e is ObjectDisposedException && _deadline is { IsOver: true }))
        {
            // The client is gone, or the writer is ending; an unfinished message is not queued.
        }
        finally
        {
            Dispose();
        }

        await Task.Yield(); // Nor does that thread run what waits for our end.
    }

    public void Dispose()
    {
        _deadline?.Dispose();
        ReturnBuffer();
        socket.Dispose();
    }

    /// <summary>Waits without a buffer, so that an idle client needs little memory.</summary>
    private async ValueTask<bool> WaitForMoreAsync(CancellationToken stop)
    {
        // The committer's thread, which has sent the reply, must not parse what the client sent
        // next.
        if (_start < _end)
        {
            await Task.Yield();
            return !stop.IsCancellationRequested;
        }

        ReturnBuffer();
        ValueTask<int> more = socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, stop);
        if (more.IsCompleted)
        {
            await Task.Yield();
        }

        await more;
        return true;
    }

    /// <summary>Serves one message; false ends the session.</summary>
    private async ValueTask<bool> ServeOneAsync(CancellationToken end)
    {
        if (!await EnsureAsync(IntakeFrame.BeginBytes, end)
            || !await EnsureAsync(BeginFrameBytes, end) || Begin() is not { } intake)
        {
            return false;
        }

        _deadline?.Begin();
        using (intake)
        {
            try
            {
                return await ServeAsync(intake, end);
            }
            finally
            {
                LeaveLarge();

                // If the message has its reply, nothing is left to release.
                writer.Room.Settle(intake, new QueueReply(QueueCode.ReadError, 0, 0), false);
            }
        }
    }

    /// <summary>Reads the frames of a message after the first; false ends the session.</summary>
    private async ValueTask<bool> ServeAsync(IntakeMessage intake, CancellationToken end)
    {
        if (_headFollows)
        {
            intake.LineBeforeHead = writer.ReceivedLine(intake);
        }
        else
        {
            intake.AddBody(writer.ReceivedLine(intake));
        }

        while (await EnsureAsync(IntakeFrame.LengthBytes, end))
        {
            byte tag = _buffer[_start];
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_start + 1));
            _start += IntakeFrame.LengthBytes;
            bool isEnd = tag == IntakeFrame.End;
            uint longest = tag switch
            {
                IntakeFrame.End => QueueLimits.EnvelopeBytesMax,
                IntakeFrame.Message => QueueLimits.BlockBytesMax,
                IntakeFrame.Head => QueueLimits.HeadBytesMax,
                _ => 0,
            };
            bool isTaken = length <= longest && (tag == IntakeFrame.Head
                ? await ReceiveHeadAsync(intake, (int)length, end)
                : longest > 0 && await ReceiveAsync(intake, isEnd, (int)length, end));
            if (!isTaken)
            {
                return false;
            }

            if (isEnd)
            {
                await FinishAsync(intake, end);
                return true;
            }
        }

        return false;
    }

    private int BeginFrameBytes => IntakeFrame.BeginBytes
        + ((_buffer[_start + 1] & IntakeFrame.ClientFollows) != 0 ? IntakeFrame.ClientBytes : 0);

    /// <summary>The message that a Begin frame announces; null if the frame is invalid.</summary>
    private IntakeMessage? Begin()
    {
        ReadOnlySpan<byte> frame = _buffer.AsSpan(_start, BeginFrameBytes);
        _start += frame.Length;
        _headFollows = (frame[1] & IntakeFrame.HeadFollows) != 0;
        byte origin = (byte)(
            frame[1] & ~IntakeFrame.HeadFollows & ~IntakeFrame.ClientFollows);
        uint client = frame.Length == IntakeFrame.BeginBytes ? 0
            : BinaryPrimitives.ReadUInt32LittleEndian(frame[IntakeFrame.BeginBytes..]);
        return frame[0] == IntakeFrame.Begin && origin <= (byte)MessageOrigin.Submitted
            ? writer.NewSubmission(
                (MessageOrigin)origin, user,
                BinaryPrimitives.ReadUInt32LittleEndian(frame[2..]), client)
            : null;
    }

    /// <summary>Passes on the bytes of a frame as they arrive; false if the client leaves.
    /// </summary>
    private async ValueTask<bool> ReceiveAsync(
        IntakeMessage intake, bool isEnvelope, int length, CancellationToken end)
    {
        for (int left = length; left > 0;)
        {
            if (!await EnsureAsync(1, end))
            {
                return false;
            }

            int bytes = Math.Min(left, _end - _start);
            if (!user.IsOurs && !_hasLargePlace && intake.IsLargeWith(bytes, isEnvelope))
            {
                await EnterLargeAsync();
            }

            Append(intake, isEnvelope, _buffer.AsSpan(_start, bytes));
            _start += bytes;
            left -= bytes;
        }

        return true;
    }

    private async ValueTask<bool> ReceiveHeadAsync(
        IntakeMessage intake, int length, CancellationToken end)
    {
        if (!await EnsureAsync(length, end))
        {
            return false;
        }

        byte[] fields = _buffer.AsSpan(_start, length).ToArray();
        _start += length;
        if (!user.IsOurs && !writer.Room.TryTake(intake, length))
        {
            intake.Refuse(QueueCode.WriteError);
        }

        return intake.TrySetHead(fields);
    }

    private async ValueTask EnterLargeAsync()
    {
        _deadline?.SetOurTurn(true);
        await user.LargeMessages.EnterAsync(user.Uid);
        _hasLargePlace = true;
        _deadline?.SetOurTurn(false);
    }

    private void LeaveLarge()
    {
        if (_hasLargePlace)
        {
            _hasLargePlace = false;
            user.LargeMessages.Leave();
        }
    }

    private void Append(IntakeMessage intake, bool isEnvelope, ReadOnlySpan<byte> piece)
    {
        if (intake.Code == 0 && (!writer.Room.HasSpace(intake.Origin)
            || !(user.IsOurs || writer.Room.TryTake(intake, piece.Length))))
        {
            intake.Refuse(QueueCode.WriteError);
        }
        else if (isEnvelope)
        {
            intake.AddEnvelope(piece);
        }
        else
        {
            intake.AddBody(piece);
        }
    }

    private async ValueTask FinishAsync(IntakeMessage intake, CancellationToken end)
    {
        _deadline?.SetOurTurn(true);
        await writer.JudgeAsync(intake);
        bool hasOwnFile = intake.Fd >= 0;
        if (hasOwnFile)
        {
            await writer.SyncFileAsync(intake);
        }

        QueueReply reply = intake.Code == 0
            ? await writer.Committer.CommitAsync(intake)
            : new QueueReply(intake.Code, intake.Qp, 0);
        writer.Journal?.Conclude(intake, reply);
        intake.Dispose(); // A client that does not read its reply holds no memory.
        writer.Room.Settle(intake, reply, hasOwnFile);
        _deadline?.SetOurTurn(false);
        byte[] bytes = new byte[IntakeFrame.ReplyBytes];
        IntakeReply.Write(bytes, reply);
        await socket.SendAsync(bytes, SocketFlags.None, end);
    }

    /// <summary>Reads until the buffer has <c>count</c> bytes; false if the client leaves first.
    /// </summary>
    private async ValueTask<bool> EnsureAsync(int count, CancellationToken end)
    {
        if (_buffer.Length == 0)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        }

        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_start + count > _buffer.Length)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        while (_end - _start < count)
        {
            int got = await socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None, end);
            if (got == 0)
            {
                return false;
            }

            _end += got;
            _deadline?.Hear();
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

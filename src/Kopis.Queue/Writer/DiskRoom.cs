using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>Whether the queue's disk has space, in general and within one user's share. The disk is
/// asked at most once a second.</summary>
internal sealed class DiskRoom
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly string _mess;
    private readonly IFileSystem _files;
    private readonly TimeProvider _clock;
    private readonly LogThrottle _log;
    private readonly DiskShares _shares;
    private long _freeBytes;
    private long _freeBytesAt;
    private long _sharesAt;

    /// <exception cref="PosixException">The disk cannot be read.</exception>
    internal DiskRoom(
        string mess, IFileSystem files, TimeProvider clock, LogThrottle log, int percent)
    {
        (_mess, _files, _clock, _log) = (mess, files, clock, log);
        _shares = new DiskShares(percent);
        _freeBytes = files.FreeBytes(mess);
        _freeBytesAt = _sharesAt = clock.GetTimestamp();
        foreach ((ulong number, string _) in MessStore.OwnFiles(files, mess))
        {
            Recall(number);
        }
    }

    /// <summary>Whether there is space for more messages, with some left to finish queued mail.
    /// </summary>
    internal bool HasSpace(MessageOrigin origin)
    {
        if (IsTime(ref _freeBytesAt))
        {
            LookAtFreeSpace();
        }

        long free = Volatile.Read(ref _freeBytes);
        long least = origin == MessageOrigin.Bounce
            ? QueueLimits.FreeBytesMinForBounce : QueueLimits.FreeBytesMin;
        if (free < least)
        {
            _log.Write(
                "alert: full disk",
                $"alert: the queue's disk is full: {free} bytes are free; a message is refused");
        }

        return free >= least;
    }

    /// <summary>Reserves space for bytes of a local user's message, within the user's share.
    /// </summary>
    internal bool TryTake(IntakeMessage intake, int bytes)
    {
        if (IsTime(ref _sharesAt))
        {
            Refresh();
        }

        if (!_shares.TryTake(intake.Uid, bytes, Interlocked.Read(ref _freeBytes)))
        {
            _log.Write(
                "warning: shares of the disk",
                $"warning: uid {intake.Uid} has its share of the queue's disk; refused");
            return false;
        }

        Interlocked.Add(ref _freeBytes, -bytes); // Until the disk is asked again.
        intake.DiskBytes += bytes;
        return true;
    }

    /// <summary>Called when the message was queued, or refused.</summary>
    internal void Settle(IntakeMessage intake, QueueReply reply, bool hasOwnFile)
    {
        if (intake.DiskBytes > 0 && reply.Code == 0)
        {
            _shares.Keep(intake.Uid, intake.DiskBytes, reply.MessageNumber, hasOwnFile);
        }
        else if (intake.DiskBytes > 0)
        {
            _shares.GiveBack(intake.Uid, intake.DiskBytes);
        }

        intake.DiskBytes = 0;
    }

    private bool IsTime(ref long at)
    {
        long now = _clock.GetTimestamp();
        if (_clock.GetElapsedTime(Volatile.Read(ref at), now) <= Interval)
        {
            return false;
        }

        Volatile.Write(ref at, now);
        return true;
    }

    private void LookAtFreeSpace()
    {
        try
        {
            Volatile.Write(ref _freeBytes, _files.FreeBytes(_mess));
        }
        catch (PosixException e)
        {
            Volatile.Write(ref _freeBytes, 0);
            _log.Write(
                "alert: free disk",
                $"alert: unable to see how much disk is free: {e.Message}");
        }
    }

    private void Refresh()
    {
        try
        {
            _shares.Refresh(
                MessStore.Segments(_files, _mess).ToHashSet(),
                MessStore.OwnFiles(_files, _mess).Select(file => file.Number)
                    .ToHashSet());
        }
        catch (IOException e)
        {
            _log.Write(
                "warning: queue/mess", $"warning: unable to list queue/mess: {e.Message}");
        }
    }

    /// <summary>Counts a body file of an earlier writer for the user who queued it.</summary>
    private void Recall(ulong number)
    {
        try
        {
            using QueuedBody body = QueuedBody.Open(_files, _mess, number);
            _shares.Recall(body.Header.Uid, body.Length, number);
        }
        catch (IOException)
        {
            // Its record is damaged, so it counts for no user.
        }
    }
}

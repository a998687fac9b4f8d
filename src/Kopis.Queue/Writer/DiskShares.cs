using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Writer;

/// <summary>The shares of local users in the queue's disk. Each may use a part of what would be
/// free without that user's mail, so that no user fills the disk. Messages count while they arrive,
/// and when they are queued until their segment or their body file is gone.</summary>
/// <param name="percent">The part, in percent.</param>
internal sealed class DiskShares(int percent)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, long> _used = [];
    private readonly Dictionary<ulong, Dictionary<uint, long>> _segments = [];
    private readonly Dictionary<ulong, (uint Uid, long Bytes)> _ownFiles = [];

    /// <summary>Reserves space for some bytes, if the user's share allows it.</summary>
    /// <param name="uid">The user.</param>
    /// <param name="bytes">How many bytes.</param>
    /// <param name="freeBytes">How much space the disk has.</param>
    internal bool TryTake(uint uid, long bytes, long freeBytes)
    {
        lock (_lock)
        {
            long used = _used.GetValueOrDefault(uid);
            if (used + bytes > (double)(freeBytes + used) / 100 * percent)
            {
                return false;
            }

            _used[uid] = used + bytes;
            return true;
        }
    }

    /// <summary>Returns bytes that are no longer on the disk.</summary>
    internal void GiveBack(uint uid, long bytes)
    {
        lock (_lock)
        {
            Subtract(uid, bytes);
        }
    }

    /// <summary>Keeps the bytes reserved until a file is gone.</summary>
    /// <param name="uid">The user.</param>
    /// <param name="bytes">The bytes reserved for the message.</param>
    /// <param name="number">The number of the message.</param>
    /// <param name="hasOwnFile">Whether its body is in a file of its own.</param>
    internal void Keep(uint uid, long bytes, ulong number, bool hasOwnFile)
    {
        lock (_lock)
        {
            if (hasOwnFile)
            {
                _ownFiles[number] = (uid, bytes);
                return;
            }

            ulong segment = MessageNumber.Segment(number);
            if (!_segments.TryGetValue(segment, out Dictionary<uint, long>? users))
            {
                _segments.Add(segment, users = []);
            }

            users[uid] = users.GetValueOrDefault(uid) + bytes;
        }
    }

    /// <summary>Counts a message that an earlier writer queued.</summary>
    internal void Recall(uint uid, long bytes, ulong number)
    {
        lock (_lock)
        {
            _used[uid] = _used.GetValueOrDefault(uid) + bytes;
            _ownFiles[number] = (uid, bytes);
        }
    }

    /// <summary>Drops the shares of files that are gone.</summary>
    internal void Refresh(IReadOnlySet<ulong> segments, IReadOnlySet<ulong> ownFiles)
    {
        lock (_lock)
        {
            foreach ((ulong segment, Dictionary<uint, long> users) in _segments)
            {
                if (!segments.Contains(segment))
                {
                    _segments.Remove(segment);
                    foreach ((uint uid, long bytes) in users)
                    {
                        Subtract(uid, bytes);
                    }
                }
            }

            foreach ((ulong number, (uint uid, long bytes)) in _ownFiles)
            {
                if (!ownFiles.Contains(number))
                {
                    _ownFiles.Remove(number);
                    Subtract(uid, bytes);
                }
            }
        }
    }

    private void Subtract(uint uid, long bytes)
    {
        long left = _used.GetValueOrDefault(uid) - bytes;
        if (left > 0)
        {
            _used[uid] = left;
        }
        else
        {
            _used.Remove(uid);
        }
    }
}

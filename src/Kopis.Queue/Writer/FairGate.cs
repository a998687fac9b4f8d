namespace Kopis.Queue.Writer;

/// <summary>Limits work of users to a few slots. Waiting users get the next slot in turn, however
/// many slots one of them has asked for.</summary>
internal sealed class FairGate(int places)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, Queue<TaskCompletionSource>> _waiting = [];
    private readonly Queue<uint> _turns = new(); // Users who wait, each once.
    private int _free = places;

    /// <summary>Acquires a slot, which <see cref="Leave"/> releases.</summary>
    internal Task EnterAsync(uint uid)
    {
        lock (_lock)
        {
            if (_free > 0)
            {
                _free--;
                return Task.CompletedTask;
            }

            if (!_waiting.TryGetValue(uid, out Queue<TaskCompletionSource>? own))
            {
                _waiting.Add(uid, own = new Queue<TaskCompletionSource>());
                _turns.Enqueue(uid);
            }

            TaskCompletionSource place = new(TaskCreationOptions.RunContinuationsAsynchronously);
            own.Enqueue(place);
            return place.Task;
        }
    }

    /// <summary>Passes the slot to the next user.</summary>
    internal void Leave()
    {
        lock (_lock)
        {
            if (!_turns.TryDequeue(out uint uid))
            {
                _free++;
                return;
            }

            Queue<TaskCompletionSource> own = _waiting[uid];
            own.Dequeue().SetResult();
            if (own.Count > 0)
            {
                _turns.Enqueue(uid);
            }
            else
            {
                _waiting.Remove(uid);
            }
        }
    }
}

using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Spawn;

/// <summary>The bodies under delivery: the recipients of one message share one.</summary>
/// <param name="mess">The directory <c>queue/mess</c>.</param>
public sealed class QueuedBodies(string mess)
{
    private readonly Dictionary<ulong, (QueuedBody Body, int Users)> _open = [];
    private readonly Lock _lock = new();

    /// <summary>Opens a body, if it is not open; each time is one to <see cref="Return"/> it.
    /// </summary>
    /// <exception cref="IOException">As QueuedBody.Open throws it.</exception>
    public QueuedBody Open(ulong number)
    {
        lock (_lock)
        {
            (QueuedBody? body, int users) = _open.GetValueOrDefault(number);
            body ??= QueuedBody.Open(FileSystem.Real, mess, number);
            _open[number] = (body, users + 1);
            return body;
        }
    }

    /// <summary>Closes it, after the last.</summary>
    public void Return(QueuedBody body)
    {
        lock (_lock)
        {
            int users = _open[body.Number].Users - 1;
            _open[body.Number] = (body, users);
            if (users == 0)
            {
                _open.Remove(body.Number);
                body.Dispose();
            }
        }
    }
}

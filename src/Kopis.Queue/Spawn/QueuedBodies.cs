using Kopis.Posix;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Spawn;

/// <summary>The bodies of messages under delivery; the recipients of one message share its body.
/// </summary>
/// <param name="mess">The directory <c>queue/mess</c>.</param>
public sealed class QueuedBodies(string mess)
{
    private readonly Dictionary<ulong, (QueuedBody Body, int Users)> _open = [];
    private readonly Lock _lock = new();

    /// <summary>Opens a body, unless it is open already. Each call needs a <see cref="Return"/>.
    /// </summary>
    /// <exception cref="IOException">The same as for QueuedBody.Open.</exception>
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

    /// <summary>Closes the body, when the last user returns it.</summary>
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

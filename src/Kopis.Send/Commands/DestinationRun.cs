using System.Text;
using Kopis.Queue.Commands;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Commands;

/// <summary>A running command about destinations. It handles some at a time.</summary>
internal sealed class DestinationRun
{
    private readonly QueueVerb _verb;
    private readonly RemoteQueue _queue;
    private readonly long _most;
    private Destination[] _destinations;
    private PriorityQueue<Destination, (int Waiting, int Running, int Place)>? _choice;
    private int _at;

    internal DestinationRun(QueueRequest request, RemoteQueue queue, bool isGuest)
    {
        (_verb, _queue) = (request.Verb, queue);
        string? name = request.Selection.Destination is { } bytes
            ? Encoding.ASCII.GetString(bytes) : null;
        bool mayBeNew = _verb == QueueVerb.PauseDestination && !request.IsDry;
        _destinations = name is null ? [.. queue.Destinations]
            : (mayBeNew ? queue.Named(name, isGuest) : queue.Find(name)) is { } found ? [found]
            : [];
        IsRefused = mayBeNew && _destinations.Length == 0;
        if (request.Selection.Most is { } most)
        {
            _most = most;
            _choice = new PriorityQueue<Destination, (int Waiting, int Running, int Place)>();
        }
    }

    /// <summary>Whether too many destinations without mail are held already.</summary>
    internal bool IsRefused { get; }

    /// <summary>Whether all were handled.</summary>
    internal bool IsDone => _at == _destinations.Length;

    /// <summary>How many destinations the command is about.</summary>
    internal ulong Count => (ulong)_destinations.Length;

    /// <summary>Goes on with the next one.</summary>
    internal void Step(CommandOutput output, bool isDry)
    {
        Destination destination = _destinations[_at++];
        if (_choice is not null)
        {
            Choose(destination, _choice);
            return;
        }

        switch (_verb)
        {
            case QueueVerb.Destinations:
                Describe(destination, _queue.Now).Write(output.Bytes);
                break;
            case QueueVerb.PauseDestination or QueueVerb.ResumeDestination when !isDry:
                _queue.Hold(destination, _verb == QueueVerb.PauseDestination);
                break;
            case QueueVerb.RetryDestination when !isDry:
                _queue.Retry(destination);
                break;
            default:
                break;
        }
    }

    /// <summary>Chooses the destinations with the most waiting recipients.</summary>
    private void Choose(
        Destination destination,
        PriorityQueue<Destination, (int Waiting, int Running, int Place)> choice)
    {
        choice.Enqueue(destination, (destination.Waiting, destination.Running, -_at));
        if (choice.Count > _most)
        {
            choice.Dequeue(); // The one with the fewest.
        }

        if (_at == _destinations.Length)
        {
            _destinations = new Destination[choice.Count];
            for (int i = choice.Count - 1; i >= 0; i--)
            {
                _destinations[i] = choice.Dequeue();
            }

            (_choice, _at) = (null, 0);
        }
    }

    /// <summary>The entry of a destination in a list.</summary>
    /// <param name="one">The destination.</param>
    /// <param name="now">Unix milliseconds.</param>
    internal static ListedDestination Describe(Destination one, long now)
    {
        DestinationState state = one.IsHeld ? DestinationState.Held
            : one.Health == DestinationHealth.Dead ? DestinationState.Dead
            : one.PausedUntil > now ? DestinationState.Paused
            : one.Health == DestinationHealth.Suspect ? DestinationState.Suspect
            : DestinationState.Up;
        long next = state == DestinationState.Dead ? Math.Max(one.ProbeAt, one.PausedUntil)
            : state == DestinationState.Paused ? one.PausedUntil
            : 0;
        return new ListedDestination(Encoding.ASCII.GetBytes(one.Name), state)
        {
            Running = (uint)one.Running,
            Window = (uint)one.WindowAt(now),
            Waiting = (uint)one.Waiting,
            Rate = (uint)one.Limits.RateCount,
            RateMilliseconds = (uint)one.Limits.RateMilliseconds,
            NextTry = next / 1000,
            Text = one.LastReply,
        };
    }
}

using System.Text;
using Kopis.Queue.Commands;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Commands;

/// <summary>A command about destinations as it is carried out, some at a time.</summary>
internal sealed class DestinationRun
{
    private readonly QueueVerb _verb;
    private readonly RemoteQueue _queue;
    private readonly Destination[] _destinations;
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
            _destinations =
                [.. _destinations.OrderByDescending(one => one.Waiting)
                    .ThenByDescending(one => one.Running).Take((int)most)];
        }
    }

    /// <summary>Too many destinations are held that have no mail.</summary>
    internal bool IsRefused { get; }

    /// <summary>All were looked at.</summary>
    internal bool IsDone => _at == _destinations.Length;

    /// <summary>Those that were meant.</summary>
    internal ulong Count => (ulong)_destinations.Length;

    /// <summary>Goes on with the next one.</summary>
    internal void Step(CommandOutput output, bool isDry)
    {
        Destination destination = _destinations[_at++];
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

    /// <summary>What is known of a destination.</summary>
    /// <param name="one">It.</param>
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

using System.Diagnostics.CodeAnalysis;

namespace Kopis.Server.Filters;

/// <summary>Reusable connections to one milter. Each session uses at most one; there may be as many
/// as there are sessions with a message. May be used from many threads.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as the settings.")]
internal sealed class MilterPool(FilterRule rule, TimeProvider time)
{
    private const int IdleMax = 16;
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly List<MilterLink> _idle = []; // The one used last is at the end.

    /// <summary>The filter's line.</summary>
    internal FilterRule Rule => rule;

    /// <summary>An idle connection, or a new one.</summary>
    /// <exception cref="FilterAwayException">No connection can be made.</exception>
    internal async Task<MilterLink> AcquireAsync(bool isNew, CancellationToken stop)
    {
        if (!isNew && Dequeue() is { } idle)
        {
            return idle;
        }

        using CancellationTokenSource limit = new(rule.ConnectTime, time);
        using CancellationTokenSource both =
            CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stop);
        try
        {
            return await MilterLink.OpenAsync(rule, both.Token);
        }
        catch (OperationCanceledException)
        {
            throw new FilterAwayException("cannot be reached in time");
        }
    }

    /// <summary>Keeps a connection for the next message, or closes it.</summary>
    internal void Return(MilterLink link)
    {
        (link.IsReused, link.UsedAt) = (true, time.GetTimestamp());
        lock (_lock)
        {
            while (_idle.Count > 0
                && (_idle.Count >= IdleMax || time.GetElapsedTime(_idle[0].UsedAt) > IdleTime))
            {
                _idle[0].Dispose();
                _idle.RemoveAt(0);
            }

            _idle.Add(link);
        }
    }

    private MilterLink? Dequeue()
    {
        lock (_lock)
        {
            while (_idle.Count > 0)
            {
                MilterLink last = _idle[^1];
                _idle.RemoveAt(_idle.Count - 1);
                if (time.GetElapsedTime(last.UsedAt) <= IdleTime && last.IsAtRest)
                {
                    return last;
                }

                last.Dispose();
            }

            return null;
        }
    }
}

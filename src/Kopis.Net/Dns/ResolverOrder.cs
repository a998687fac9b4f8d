using DnsClient;

namespace Kopis.Net.Dns;

/// <summary>
/// Which resolver is asked first: the first of the list that answers. One that was silent comes
/// last until it answers again: it is probed now and then, for which nobody waits. May be used from
/// many threads.
/// </summary>
/// <param name="servers">All of them, the best first.</param>
/// <param name="time">The clock.</param>
internal sealed class ResolverOrder(IReadOnlyList<NameServer> servers, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly List<State> _states = [.. servers.Select(one => new State(one))];

    /// <summary>All, in the order in which they are to be asked.</summary>
    internal IReadOnlyList<NameServer> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _states.OrderBy(one => one.IsSilent).Select(one => one.Server)];
            }
        }
    }

    /// <summary>Whether it comes last.</summary>
    internal bool IsSilent(NameServer server)
    {
        lock (_lock)
        {
            return Of(server).IsSilent;
        }
    }

    /// <summary>One that was silent and is to be probed now, once; null where there is none.
    /// <see cref="EndProbe"/> ends the probe.</summary>
    internal NameServer? NextProbe()
    {
        lock (_lock)
        {
            if (_states.TrueForAll(one => one.IsSilent))
            {
                return null; // Who asks has to ask it anyway.
            }

            State? due = _states.Find(one => one.IsSilent && !one.IsProbed
                && time.GetElapsedTime(one.Since) >= one.Pause);
            due?.BeginProbe();
            return due?.Server;
        }
    }

    /// <summary>Whether one that is late with an answer is to be probed now: not where there is no
    /// other to ask instead.</summary>
    internal bool BeginProbe(NameServer server)
    {
        lock (_lock)
        {
            State state = Of(server);
            bool begins = _states.Count > 1 && !state.IsSilent && !state.IsProbed;
            if (begins)
            {
                state.BeginProbe();
            }

            return begins;
        }
    }

    /// <summary>A probe is over. What was answered meanwhile counts as its answer.</summary>
    internal void EndProbe(NameServer server, bool isSilent)
    {
        lock (_lock)
        {
            State state = Of(server);
            state.IsProbed = false;
            if (!isSilent || state.HasAnswered)
            {
                state.IsSilent = false;
                return;
            }

            state.Pause = !state.IsSilent ? FirstPause
                : state.Pause * 2 < LongestPause ? state.Pause * 2 : LongestPause;
            state.IsSilent = true;
            state.Since = time.GetTimestamp();
        }
    }

    /// <summary>One has answered a question.</summary>
    internal void NoteAnswer(NameServer server)
    {
        lock (_lock)
        {
            State state = Of(server);
            state.HasAnswered = true;
            state.IsSilent = false;
        }
    }

    private State Of(NameServer server) => _states.Find(one => one.Server == server)!;

    private sealed class State(NameServer server)
    {
        internal NameServer Server { get; } = server;

        internal bool IsSilent { get; set; }

        internal bool IsProbed { get; set; }

        /// <summary>Since its last probe began.</summary>
        internal bool HasAnswered { get; set; }

        internal long Since { get; set; }

        internal TimeSpan Pause { get; set; }

        internal void BeginProbe() => (IsProbed, HasAnswered) = (true, false);
    }
}

using DnsClient;

namespace Kopis.Net.Dns;

/// <summary>
/// The order in which resolvers are asked: the order of the list, but a resolver that was silent
/// comes last until it answers again. It is probed now and then in the background. May be used from
/// many threads.
/// </summary>
/// <param name="servers">All resolvers, the best first.</param>
/// <param name="time">The clock.</param>
internal sealed class ResolverOrder(IReadOnlyList<NameServer> servers, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();
    private readonly List<State> _states = [.. servers.Select(one => new State(one))];

    /// <summary>All resolvers, in the order in which they are to be asked.</summary>
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

    /// <summary>Whether a resolver was silent, and so comes last.</summary>
    internal bool IsSilent(NameServer server)
    {
        lock (_lock)
        {
            return Of(server).IsSilent;
        }
    }

    /// <summary>A silent resolver to probe now; null if there is none. <see cref="EndProbe"/> ends
    /// the probe.</summary>
    internal NameServer? NextProbe()
    {
        lock (_lock)
        {
            if (_states.TrueForAll(one => one.IsSilent))
            {
                return null; // All are silent: they are asked anyway.
            }

            State? due = _states.Find(one => one.IsSilent && !one.IsProbed
                && time.GetElapsedTime(one.Since) >= one.Pause);
            due?.BeginProbe();
            return due?.Server;
        }
    }

    /// <summary>Whether to probe a resolver that is late with an answer; not if it is the only one.
    /// </summary>
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

    /// <summary>Ends a probe. An answer to any question meanwhile counts as an answer to it.
    /// </summary>
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

    /// <summary>Records that a resolver has answered a question.</summary>
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

        /// <summary>Whether it has answered since its last probe began.</summary>
        internal bool HasAnswered { get; set; }

        internal long Since { get; set; }

        internal TimeSpan Pause { get; set; }

        internal void BeginProbe() => (IsProbed, HasAnswered) = (true, false);
    }
}

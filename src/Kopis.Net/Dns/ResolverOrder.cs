using DnsClient;

namespace Kopis.Net.Dns;

/// <summary>
/// Which resolver is asked first: the first of the list that answers. One that was silent comes
/// last until it answers again: it is probed beside a question now and then, for which nobody
/// waits. May be used from many threads.
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

    /// <summary>One that is to be probed now, once; null where there is none. <see cref="Note"/>
    /// ends the probe.</summary>
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
            if (due is not null)
            {
                due.IsProbed = true;
            }

            return due?.Server;
        }
    }

    /// <summary>One has answered, or was silent for the time that it has.</summary>
    /// <param name="server">Which.</param>
    /// <param name="isSilent">It was.</param>
    /// <param name="isProbe">It was probed.</param>
    internal void Note(NameServer server, bool isSilent, bool isProbe)
    {
        lock (_lock)
        {
            State state = _states.Find(one => one.Server == server)!;
            if (isProbe)
            {
                state.IsProbed = false;
            }

            if (!isSilent)
            {
                state.IsSilent = false;
            }
            else if (!state.IsSilent || isProbe)
            {
                state.Pause = !state.IsSilent ? FirstPause
                    : state.Pause * 2 < LongestPause ? state.Pause * 2 : LongestPause;
                state.IsSilent = true;
                state.Since = time.GetTimestamp();
            }
        }
    }

    private sealed class State(NameServer server)
    {
        internal NameServer Server { get; } = server;

        internal bool IsSilent { get; set; }

        internal bool IsProbed { get; set; }

        internal long Since { get; set; }

        internal TimeSpan Pause { get; set; }
    }
}

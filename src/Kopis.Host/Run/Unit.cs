using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>
/// What a supervisor keeps running: one program, or one that holds pipes to others, as qmail-send
/// does (contract §6.1). They live together: when one ends, the pipes tell the rest.
/// </summary>
/// <param name="leader">The one that is told to stop; the others end with it.</param>
/// <param name="layer">At the end, higher layers are stopped first, and those of one layer
/// together.</param>
/// <param name="followers">Each has its orders on descriptor 0 and its reports on 1; the leader has
/// the other ends, from its descriptor 1 on.</param>
internal sealed class Unit(ProcessStart leader, int layer, params ProcessStart[] followers)
{
    private int _leader;

    /// <summary>What people know it by.</summary>
    internal string Name => NameOf(leader);

    internal int Layer => layer;

    /// <summary>It has been told to end, and is not started again here.</summary>
    internal bool IsDraining { get; set; }

    /// <summary>Process ids and names of what runs of it.</summary>
    internal Dictionary<int, string> Running { get; } = [];

    internal Backoff Backoff { get; } = new();

    internal TimeSpan StartedAt { get; set; }

    /// <summary>Whose other processes are kept from being stopped too: those that ask it, and
    /// that are not started by us; null for none.</summary>
    internal uint? Clients { get; init; }

    /// <summary>Of each process of it: looks in a row at which it was stopped.</summary>
    internal Dictionary<int, int> Stops { get; set; } = [];

    /// <summary>Until when nothing more is said about that.</summary>
    internal TimeSpan QuietUntil { get; set; }

    /// <summary>When it is to be started, or the rest of it killed; null: all is well.</summary>
    internal TimeSpan? Due { get; set; }

    /// <summary>Starts all of it.</summary>
    /// <param name="lifeline">The end of a pipe that the children watch.</param>
    /// <exception cref="PosixException">A part cannot be started; others may run.</exception>
    internal void Start(int lifeline)
    {
        List<int> open = [];
        try
        {
            Dictionary<int, int> ends = new(leader.Descriptors);
            int next = 1;
            foreach (ProcessStart follower in followers)
            {
                (int orders, int ordersWrite) = Fd.Pipe();
                (int reports, int reportsWrite) = Fd.Pipe();
                open.AddRange([orders, ordersWrite, reports, reportsWrite]);
                ends[next++] = ordersWrite;
                ends[next++] = reports;
                Dictionary<int, int> own = new(follower.Descriptors)
                {
                    [0] = orders,
                    [1] = reportsWrite,
                };
                _ = Start(follower with { Descriptors = own }, lifeline);
            }

            _leader = Start(leader with { Descriptors = ends }, lifeline);
        }
        finally
        {
            open.ForEach(Fd.Close);
        }
    }

    /// <summary>Sends its leader a signal.</summary>
    internal void Tell(int signal)
    {
        if (Running.ContainsKey(_leader))
        {
            Processes.Signal(_leader, signal);
        }
    }

    /// <summary>Sends all of it that runs a signal.</summary>
    internal void Signal(int signal)
    {
        foreach (int pid in Running.Keys)
        {
            Processes.Signal(pid, signal);
        }
    }

    private int Start(ProcessStart program, int lifeline)
    {
        int pid = (program.IsOwn ? Lifeline.Give(program, lifeline) : program).Start();
        Running.Add(pid, NameOf(program));
        return pid;
    }

    private static string NameOf(ProcessStart program) => ByteText.ToText(program.Arguments[0]);
}

using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Run;

/// <summary>What a supervisor keeps running: one program, or one with pipes to others, as
/// qmail-send has (contract §6.1). They live together: when one ends, the others notice by the
/// pipes.</summary>
/// <param name="leader">The program that is told to stop; the others end with it.</param>
/// <param name="layer">At the end, higher layers are stopped first; the units of one layer are
/// stopped together.</param>
/// <param name="followers">The other programs. Each reads orders on descriptor 0 and writes reports
/// on 1; the leader has the other ends, from its descriptor 1 on.</param>
internal sealed class Unit(ProcessStart leader, int layer, params ProcessStart[] followers)
{
    private int _leader;

    /// <summary>The name for the log.</summary>
    internal string Name => NameOf(leader);

    internal int Layer => layer;

    /// <summary>Whether it was told to end, so that it is not started again here.</summary>
    internal bool IsDraining { get; set; }

    /// <summary>Process ids and names of the processes that run.</summary>
    internal Dictionary<int, string> Running { get; } = [];

    internal Backoff Backoff { get; } = new();

    internal TimeSpan StartedAt { get; set; }

    /// <summary>The user of its clients, which this process has not started: they are continued,
    /// too, if somebody stops them. Null: it has none.</summary>
    internal uint? Clients { get; init; }

    /// <summary>For each of its processes, how many checks in a row have found it stopped.
    /// </summary>
    internal Dictionary<int, int> Stops { get; set; } = [];

    /// <summary>Until then the log gets no further line about this.</summary>
    internal TimeSpan QuietUntil { get; set; }

    /// <summary>When it is to be started, or its remaining processes killed; null if it runs as it
    /// should.</summary>
    internal TimeSpan? Due { get; set; }

    /// <summary>Starts all programs of the unit.</summary>
    /// <param name="lifeline">The end of a pipe that the children watch.</param>
    /// <exception cref="PosixException">A program cannot be started; others may already run.
    /// </exception>
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

    /// <summary>Sends a signal to the leader.</summary>
    internal void Tell(int signal)
    {
        if (Running.ContainsKey(_leader))
        {
            Processes.Signal(_leader, signal);
        }
    }

    /// <summary>Sends a signal to all its processes.</summary>
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

using Kopis.Posix;

namespace Kopis.Simulation.Tests;

/// <summary>A process: some fibers that die together, and the pipe ends that it holds.</summary>
internal sealed class SimulatedProcess(string name)
{
    private readonly List<int> _pipeEnds = [];

    internal string Name { get; } = name;

    internal bool IsDead { get; private set; }

    /// <summary>Its main fiber came to an end by itself.</summary>
    internal bool HasEnded { get; set; }

    internal bool IsRunning => !IsDead && !HasEnded;

    /// <summary>A pipe end that closes with the process.</summary>
    internal int Own(int pipeEnd)
    {
        _pipeEnds.Add(pipeEnd);
        return pipeEnd;
    }

    internal void Kill() => IsDead = true;

    internal void ClosePipes()
    {
        _pipeEnds.ForEach(Fd.Close);
        _pipeEnds.Clear();
    }
}

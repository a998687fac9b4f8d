using Kopis.Posix;

namespace Kopis.Start;

/// <summary>A unit of one process.</summary>
internal sealed class ProcessUnit(ChildSpec spec, int layer) : IUnit
{
    private const int Terminate = 15;

    public string Name => spec.Name;

    public int Layer => layer;

    public IReadOnlyDictionary<int, string> Start(int lifeline) =>
        new Dictionary<int, string> { [spec.Start(lifeline)] = spec.Name };

    public void Stop(IReadOnlyCollection<int> running)
    {
        foreach (int pid in running)
        {
            Processes.Signal(pid, Terminate);
        }
    }
}

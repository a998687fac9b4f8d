namespace Kopis.Simulation.Tests;

internal enum ChangeKind
{
    Write,
    Cut,
    Hole,
}

using Kopis.Posix;

namespace Kopis.Simulation.Tests;

/// <summary>A gate at which a fiber waits, and others run.</summary>
internal sealed class FiberGate(Fibers fibers) : ISyncGate
{
    private bool _isOpen;

    public void Wait() => fibers.Wait(() => _isOpen);

    public void Open() => _isOpen = true;

    public void Dispose()
    {
    }
}

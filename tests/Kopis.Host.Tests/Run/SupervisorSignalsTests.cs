using Kopis.Host.Run;
using Kopis.Posix;

namespace Kopis.Host.Tests.Run;

public sealed class SupervisorSignalsTests
{
    /// <summary>The runtime hands a signal to a thread that may run later.</summary>
    [Fact]
    public void A_stop_that_has_come_is_waited_for()
    {
        using SupervisorSignals signals = new();
        Assert.False(signals.WaitForStop(TimeSpan.FromMilliseconds(1)));
        Processes.Signal(Processes.Id, 15);
        Assert.True(signals.WaitForStop(TimeSpan.FromSeconds(30)));
        Assert.True(signals.StopAsked);
    }
}

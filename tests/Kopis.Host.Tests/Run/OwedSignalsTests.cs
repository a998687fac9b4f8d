using Kopis.Host.Run;

namespace Kopis.Host.Tests.Run;

public sealed class OwedSignalsTests
{
    private const int Reread = 1, Terminate = 15;
    private readonly List<int> _sent = [];

    [Fact]
    public void A_stop_is_sent_until_the_host_has_ended()
    {
        OwedSignals owed = new(_ => false, _sent.Add);
        Assert.Equal(Timeout.InfiniteTimeSpan, owed.Pause);
        owed.Add(Terminate);
        Assert.True(owed.IsStopped);
        owed.Send();
        Assert.InRange(owed.Pause, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(1));
        owed.Send();
        Assert.Equal([Terminate, Terminate], _sent);
    }

    [Fact]
    public void Another_is_kept_until_it_is_heard_and_sent_once()
    {
        bool hears = false;
        OwedSignals owed = new(_ => hears, _sent.Add);
        owed.Add(Reread);
        owed.Add(Reread);
        owed.Send();
        Assert.Empty(_sent);
        hears = true;
        owed.Send();
        owed.Send();
        Assert.Equal([Reread], _sent);
        Assert.Equal(Timeout.InfiniteTimeSpan, owed.Pause);
    }

    [Fact]
    public void One_that_came_while_the_host_hands_over_is_sent_again()
    {
        Queue<bool> hears = new([true, false, false, true, true]);
        OwedSignals owed = new(_ => hears.Dequeue(), _sent.Add);
        owed.Add(Reread);
        owed.Send();
        owed.Send();
        Assert.Equal([Reread], _sent);
        owed.Send();
        Assert.Equal([Reread, Reread], _sent);
        Assert.Empty(hears);
    }
}

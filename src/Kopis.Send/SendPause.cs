using Kopis.Posix;

namespace Kopis.Send;

/// <summary>Real time.</summary>
/// <param name="watch">Watches what is done between two waits.</param>
internal sealed class SendPause(Watchdog? watch = null) : ISendPause
{
    public bool Wait(Poller poller, TimeSpan longest)
    {
        watch?.End();
        bool isReady = poller.Wait(longest);
        watch?.Begin();
        return isReady;
    }

    public void Sleep(TimeSpan time)
    {
        watch?.End();
        // This pause is what the caller asks for: nothing can go on until the disk has room.
        Thread.Sleep(time);
        watch?.Begin();
    }
}

using Kopis.Posix;

namespace Kopis.Send;

/// <summary>Waits in real time.</summary>
/// <param name="watch">Watches the time between two waits.</param>
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
        // The caller asks for this pause: nothing can go on until the disk has room.
        Thread.Sleep(time);
        watch?.Begin();
    }
}

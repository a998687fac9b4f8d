using Kopis.Posix;

namespace Kopis.Send;

/// <summary>Real time.</summary>
internal sealed class SendPause : ISendPause
{
    public bool Wait(Poller poller, TimeSpan longest) => poller.Wait(longest);

    public void Sleep(TimeSpan time) => Thread.Sleep(time);
}

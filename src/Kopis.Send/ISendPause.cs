using Kopis.Posix;

namespace Kopis.Send;

/// <summary>How qmail-send waits. A simulator runs everything else meanwhile.</summary>
internal interface ISendPause
{
    /// <summary>Waits for a descriptor. False if the time is over, or a signal came.</summary>
    bool Wait(Poller poller, TimeSpan longest);

    /// <summary>Waits for a time.</summary>
    void Sleep(TimeSpan time);
}

using Kopis.Posix;

namespace Kopis.Send;

/// <summary>How qmail-send lets time pass; a simulator runs everything else meanwhile.</summary>
internal interface ISendPause
{
    /// <summary>Waits for a descriptor. False if the time was over first, or a signal came.
    /// </summary>
    bool Wait(Poller poller, TimeSpan longest);

    /// <summary>Waits, and nothing else.</summary>
    void Sleep(TimeSpan time);
}

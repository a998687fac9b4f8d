namespace Kopis.Send;

/// <summary>Signals to qmail-send, as a descriptor to read.</summary>
internal interface ISendSignals
{
    /// <summary>Readable when a signal has come.</summary>
    int ReadFd { get; }

    /// <summary>The signals since the last call.</summary>
    SendSignal Read();
}

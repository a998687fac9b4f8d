namespace Kopis.Send;

/// <summary>Where signals to qmail-send can be read.</summary>
internal interface ISendSignals
{
    /// <summary>Readable when one came.</summary>
    int ReadFd { get; }

    /// <summary>The signals that came since.</summary>
    SendSignal Read();
}

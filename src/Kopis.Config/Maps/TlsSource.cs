namespace Kopis.Config.Maps;

/// <summary>Who decides what a connection to a destination must fulfil.</summary>
public enum TlsSource : byte
{
    /// <summary>Only the line of <c>control/tlspolicy</c>.</summary>
    Operator,

    /// <summary>The receiver, by DANE (RFC 7672) or else MTA-STS (RFC 8461). If it publishes
    /// nothing, the line applies.</summary>
    Receiver,

    /// <summary>The receiver as above, but it must publish DANE records or an enforced MTA-STS
    /// policy.</summary>
    Sts,

    /// <summary>The receiver by DANE, and it must publish usable records.</summary>
    Dane,
}

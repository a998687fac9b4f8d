namespace Kopis.Config.Maps;

/// <summary>Who says what a connection to a destination requires.</summary>
public enum TlsSource : byte
{
    /// <summary>The line of <c>control/tlspolicy</c>, and nobody else.</summary>
    Operator,

    /// <summary>The receiver, in DANE (RFC 7672) or else MTA-STS (RFC 8461); where it says
    /// nothing, the line.</summary>
    Receiver,

    /// <summary>The same, and it has to have a policy that is enforced.</summary>
    Sts,

    /// <summary>The receiver in DANE, and it has to have records of use.</summary>
    Dane,
}

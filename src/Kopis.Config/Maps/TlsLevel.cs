namespace Kopis.Config.Maps;

/// <summary>What <c>control/tlspolicy</c> asks of a connection to a destination.</summary>
public enum TlsLevel : byte
{
    /// <summary>No TLS, even if it is offered.</summary>
    None,

    /// <summary>TLS if it is offered and works, with any certificate.</summary>
    May,

    /// <summary>TLS, with any certificate.</summary>
    Encrypt,

    /// <summary>TLS, with a certificate that names the destination.</summary>
    Verify,
}

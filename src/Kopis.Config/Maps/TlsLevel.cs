namespace Kopis.Config.Maps;

/// <summary>What <c>control/tlspolicy</c> asks of a connection to a destination.</summary>
public enum TlsLevel : byte
{
    /// <summary>No TLS, offered or not.</summary>
    None,

    /// <summary>TLS where it is offered and works; any certificate.</summary>
    May,

    /// <summary>TLS; any certificate.</summary>
    Encrypt,

    /// <summary>TLS, and a certificate that names the destination.</summary>
    Verify,
}

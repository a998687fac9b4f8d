namespace Kopis.Config.Maps;

/// <summary>What a connection must be before a password or a token goes over it.</summary>
public enum LoginTrust : byte
{
    /// <summary>TLS, and a certificate that names the relay.</summary>
    Verified,

    /// <summary>TLS; any certificate. The route says <c>unverified</c>.</summary>
    Encrypted,

    /// <summary>Any connection. The route says <c>plaintext</c>.</summary>
    PlainText,
}

namespace Kopis.Config.Maps;

/// <summary>What a connection must offer before a password or a token is sent over it.</summary>
public enum LoginTrust : byte
{
    /// <summary>TLS, with a certificate that names the relay.</summary>
    Verified,

    /// <summary>TLS, with any certificate. The route says <c>unverified</c>.</summary>
    Encrypted,

    /// <summary>Any connection. The route says <c>plaintext</c>.</summary>
    PlainText,
}

namespace Kopis.Mail.Authentication.Dkim;

/// <summary>How a signature is made (RFC 6376 §3.3, RFC 8463, RFC 8301).</summary>
public enum DkimAlgorithm
{
    /// <summary>An algorithm that is not supported.</summary>
    Unknown,

    /// <summary>rsa-sha256.</summary>
    RsaSha256,

    /// <summary>ed25519-sha256 (RFC 8463).</summary>
    Ed25519Sha256,

    /// <summary>rsa-sha1, which proves nothing any more (RFC 8301 §3.1).</summary>
    RsaSha1,
}

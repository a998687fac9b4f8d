namespace Kopis.Mail.SmtpClient;

/// <summary>The mechanisms of AUTH (RFC 4954) offered by a server that we support.</summary>
[Flags]
public enum AuthMechanisms : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>PLAIN (RFC 4616).</summary>
    Plain = 1,

    /// <summary>LOGIN, which has no RFC.</summary>
    Login = 2,

    /// <summary>SCRAM-SHA-256 (RFC 7677).</summary>
    ScramSha256 = 4,

    /// <summary>OAUTHBEARER (RFC 7628).</summary>
    OAuthBearer = 8,

    /// <summary>XOAUTH2 of Google and Microsoft.</summary>
    XOAuth2 = 16,
}

namespace Kopis.Mail.SmtpClient;

/// <summary>Mechanisms of AUTH (RFC 4954) that we know, of those a server offers.</summary>
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

    /// <summary>XOAUTH2, as Google and Microsoft have it.</summary>
    XOAuth2 = 16,
}

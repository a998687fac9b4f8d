namespace Kopis.Mail.Sasl;

/// <summary>What a <see cref="SaslQuestion"/> asks.</summary>
public enum SaslQuestionKind
{
    /// <summary>Whether a password is right.</summary>
    Password,

    /// <summary>The salt and iterations of a user's password; nobody has them too.</summary>
    Salt,

    /// <summary>Whether a proof of SCRAM-SHA-256 is right.</summary>
    Proof,

    /// <summary>Whether a digest of APOP is right, which is no mechanism of SASL.</summary>
    Digest,

    /// <summary>Whether an OAuth bearer token is good, and whose.</summary>
    Token,
}

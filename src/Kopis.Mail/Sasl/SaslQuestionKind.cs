namespace Kopis.Mail.Sasl;

/// <summary>What a <see cref="SaslQuestion"/> asks.</summary>
public enum SaslQuestionKind
{
    /// <summary>Whether a password is right.</summary>
    Password,

    /// <summary>The salt and iterations of a user's password; unknown users get some too.</summary>
    Salt,

    /// <summary>Whether a proof of SCRAM-SHA-256 is right.</summary>
    Proof,

    /// <summary>Whether a digest of APOP, which is not a mechanism of SASL, is right.</summary>
    Digest,

    /// <summary>Whether an OAuth bearer token is valid, and whose it is.</summary>
    Token,
}

namespace Kopis.Mail.Authentication.Dkim;

/// <summary>The result of checking one signature.</summary>
/// <param name="Result">The result, in the words of RFC 8601 §2.7.1.</param>
/// <param name="Reason">Why, in our words; empty if the signature is right.</param>
public sealed record DkimCheck(AuthenticationResult Result, string Reason)
{
    /// <summary>The signature; null if the field could not be parsed.</summary>
    public DkimSignature? Signature { get; init; }

    /// <summary>The size of the key in bits; 0 if there was no key.</summary>
    public int KeyBits { get; init; }

    /// <summary>Whether the domain only tests the key (t=y).</summary>
    public bool IsTesting { get; init; }

    /// <summary>Whether l= leaves an unsigned end. Such a signature proves nothing about what a
    /// reader sees.</summary>
    public bool IsPartial => Signature?.BodyLength is not null;

    /// <summary>The domain that this authenticates (RFC 9989 §4.4.1); null if it authenticates
    /// none.</summary>
    public string? AuthenticatedDomain =>
        Result == AuthenticationResult.Pass && !IsPartial ? Signature!.Domain : null;
}

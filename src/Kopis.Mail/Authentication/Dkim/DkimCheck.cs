namespace Kopis.Mail.Authentication.Dkim;

/// <summary>What became of one signature.</summary>
/// <param name="Result">The result, in the words of RFC 8601 §2.7.1.</param>
/// <param name="Reason">Why, in words of ours; empty where all is well.</param>
public sealed record DkimCheck(AuthenticationResult Result, string Reason)
{
    /// <summary>The signature; null where the field could not be read.</summary>
    public DkimSignature? Signature { get; init; }

    /// <summary>How many bits the key has; 0 where there was none.</summary>
    public int KeyBits { get; init; }

    /// <summary>Whether the key is only being tried (t=y).</summary>
    public bool IsTesting { get; init; }

    /// <summary>Whether l= leaves room for an end that nobody signed. Such a signature proves
    /// nothing of what a reader sees.</summary>
    public bool IsPartial => Signature?.BodyLength is not null;

    /// <summary>The domain that this authenticates (RFC 9989 §4.4.1); null where it does not.
    /// </summary>
    public string? AuthenticatedDomain =>
        Result == AuthenticationResult.Pass && !IsPartial ? Signature!.Domain : null;
}

namespace Kopis.Mail.Authentication.Spf;

/// <summary>What SPF says of a client (RFC 7208 §2.6).</summary>
/// <param name="Result">The result.</param>
/// <param name="Request">Who was checked.</param>
/// <param name="Reason">Why, in words of ours; empty where a mechanism decided.</param>
public sealed record SpfCheck(AuthenticationResult Result, SpfRequest Request, string Reason)
{
    /// <summary>The mechanism that matched, in lower case; null where none did.</summary>
    public string? Mechanism { get; init; }

    /// <summary>What the domain has to say on a fail: foreign text of printing ASCII, at most
    /// <see cref="SpfChecker.ExplanationMax"/> characters; null where there is none.</summary>
    public string? Explanation { get; init; }

    /// <summary>The domain that this authenticates (RFC 9989 §4.4.2); null where it does not.
    /// </summary>
    public string? AuthenticatedDomain =>
        Result == AuthenticationResult.Pass ? DomainText.Normalize(Request.Domain) : null;
}

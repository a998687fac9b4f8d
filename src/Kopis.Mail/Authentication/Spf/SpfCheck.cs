namespace Kopis.Mail.Authentication.Spf;

/// <summary>The result of SPF for a client (RFC 7208 §2.6).</summary>
/// <param name="Result">The result.</param>
/// <param name="Request">The identity that was checked.</param>
/// <param name="Reason">Why, in our words; empty if a mechanism decided.</param>
public sealed record SpfCheck(AuthenticationResult Result, SpfRequest Request, string Reason)
{
    /// <summary>The mechanism that matched, in lower case; null if none did.</summary>
    public string? Mechanism { get; init; }

    /// <summary>The domain's explanation of a fail: foreign text of printable ASCII, at most
    /// <see cref="SpfChecker.ExplanationMax"/> characters; null if there is none.</summary>
    public string? Explanation { get; init; }

    /// <summary>The domain that this authenticates (RFC 9989 §4.4.2); null if it authenticates
    /// none.</summary>
    public string? AuthenticatedDomain =>
        Result == AuthenticationResult.Pass ? DomainText.Normalize(Request.Domain) : null;
}

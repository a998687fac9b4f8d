namespace Kopis.Mail.Authentication.Dmarc;

/// <summary>What DMARC says of a message.</summary>
/// <param name="Result">None, Pass, Fail, TempError or PermError (RFC 9989 §9.1).</param>
/// <param name="AuthorDomain">The domain of From; empty where there is none.</param>
/// <param name="Reason">Why, in words of ours; empty on a pass.</param>
public sealed record DmarcCheck(AuthenticationResult Result, string AuthorDomain, string Reason)
{
    /// <summary>The record that applies; null where none does.</summary>
    public DmarcRecord? Record { get; init; }

    /// <summary>Where that record is.</summary>
    public string PolicyDomain { get; init; } = "";

    /// <summary>The organizational domain of the author's.</summary>
    public string Organization { get; init; } = "";

    /// <summary>Which tag the policy is from: p, sp or np.</summary>
    public string PolicyTag { get; init; } = "p";

    /// <summary>What the domain asks for, should the message fail.</summary>
    public DmarcPolicy Policy { get; init; }

    /// <summary>What it asks to do with this message: nothing unless it fails; with t=y one step
    /// less (§4.7).</summary>
    public DmarcPolicy Disposition =>
        Result != AuthenticationResult.Fail || Policy == DmarcPolicy.None ? DmarcPolicy.None
            : Record?.IsTest == true ? Policy - 1
            : Policy;

    /// <summary>Whether SPF passed for an aligned domain.</summary>
    public bool IsSpfAligned { get; init; }

    /// <summary>Whether a signature of an aligned domain passed.</summary>
    public bool IsDkimAligned { get; init; }
}

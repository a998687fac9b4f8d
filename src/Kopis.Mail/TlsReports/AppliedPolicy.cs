namespace Kopis.Mail.TlsReports;

/// <summary>The policy that applied to a session with a server (RFC 8460 §4.4).</summary>
/// <param name="Kind">tlsa, sts or no-policy-found.</param>
/// <param name="Lines">The policy's lines, or the TLSA records.</param>
public sealed record AppliedPolicy(string Kind, IReadOnlyList<string> Lines)
{
    /// <summary>DANE.</summary>
    public const string Tlsa = "tlsa";

    /// <summary>MTA-STS.</summary>
    public const string Sts = "sts";

    /// <summary>Neither.</summary>
    public const string NoPolicy = "no-policy-found";

    /// <summary>No policy.</summary>
    public static AppliedPolicy None { get; } = new(NoPolicy, []);
}

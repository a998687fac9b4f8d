namespace Kopis.Mail.TlsReports;

/// <summary>The results of sessions under one policy (RFC 8460 §4.4, policies).</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Domain">The domain of the policy.</param>
/// <param name="Successes">How many sessions complied.</param>
/// <param name="Failures">How many did not.</param>
/// <param name="Details">How those failed.</param>
public sealed record TlsPolicyCount(
    AppliedPolicy Policy, string Domain, long Successes, long Failures,
    IReadOnlyList<TlsFailure> Details)
{
    private const string Exchanger = "mx: ";

    /// <summary>The hosts that an MTA-STS policy lists.</summary>
    public IEnumerable<string> Exchangers => Policy.Lines
        .Where(line => line.StartsWith(Exchanger, StringComparison.Ordinal))
        .Select(line => line[Exchanger.Length..]);
}

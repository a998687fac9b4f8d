namespace Kopis.Mail.TlsReports;

/// <summary>How sessions under one policy began (RFC 8460 §4.4, policies).</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Domain">Whose it is.</param>
/// <param name="Successes">Sessions that complied.</param>
/// <param name="Failures">The others.</param>
/// <param name="Details">How these failed.</param>
public sealed record TlsPolicyCount(
    AppliedPolicy Policy, string Domain, long Successes, long Failures,
    IReadOnlyList<TlsFailure> Details)
{
    private const string Exchanger = "mx: ";

    /// <summary>The hosts that a policy of MTA-STS lists.</summary>
    public IEnumerable<string> Exchangers => Policy.Lines
        .Where(line => line.StartsWith(Exchanger, StringComparison.Ordinal))
        .Select(line => line[Exchanger.Length..]);
}

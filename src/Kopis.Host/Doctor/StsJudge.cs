using Kopis.Mail.Transport;
using Kopis.Net.Sts;

namespace Kopis.Host.Doctor;

/// <summary>Judges a domain's MTA-STS policy. No I/O.</summary>
internal static class StsJudge
{
    // RFC 8461 §3.2 recommends weeks: an attacker only has to wait until a policy of a day has
    // expired.
    private static readonly TimeSpan AgeLeast = TimeSpan.FromDays(1);

    /// <summary>Adds all findings about the policy.</summary>
    /// <param name="facts">The domain.</param>
    /// <param name="fetched">The answer of the web server.</param>
    /// <param name="said">Receives the findings.</param>
    internal static void Judge(DomainFacts facts, StsFetched fetched, Verdicts said)
    {
        string url = $"https://mta-sts.{facts.Domain}/.well-known/mta-sts.txt";
        if (!said.Judge("sts.policy", fetched.Body is null, $"{url}: {fetched.Reason}"))
        {
            return;
        }

        StsPolicy? policy = StsPolicy.Parse(fetched.Body, out string fault);
        if (!said.Judge("sts.syntax", policy is null, $"{url}: {fault}"))
        {
            return;
        }

        string[] hosts = [.. facts.Exchangers.Records.Select(one => one.Host)
            .Where(host => host.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase)];
        string[] missing = policy!.Mode == StsMode.None
            ? [] : [.. hosts.Where(host => !policy.Names(host)).Select(DoctorResult.Safe)];
        said.Judge(
            "sts.mx", missing.Length > 0, $"it does not name {string.Join(", ", missing)}",
            string.Join("; ", missing.Select(host => $"add to {url}: mx: {host}")));
        said.Judge(
            "sts.mode", policy.Mode != StsMode.Enforce,
            $"the mode is {policy.Mode.ToString().ToLowerInvariant()}");
        said.Judge(
            "sts.age", policy.MaxAge < AgeLeast,
            $"max_age is {(long)policy.MaxAge.TotalSeconds} seconds");
    }
}

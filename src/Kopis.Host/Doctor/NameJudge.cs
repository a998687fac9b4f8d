using System.Net;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Spf;
using Kopis.Net.Dns;

namespace Kopis.Host.Doctor;

/// <summary>Judges the host's names. No I/O.</summary>
internal static class NameJudge
{
    private const string Silence = "DNS does not answer";

    /// <summary>All findings.</summary>
    /// <param name="facts">The answers of DNS.</param>
    /// <param name="isOwn">Whether an address leads to this host.</param>
    internal static List<DoctorResult> Judge(NameFacts facts, Func<IPAddress, bool> isOwn)
    {
        Verdicts said = new(facts.Me);
        string first = facts.Reverse.Count > 0 ? facts.Reverse[0].Address.ToString() : "ADDRESS";
        string mend = $"{DoctorResult.Safe(facts.Me)}. IN A {first}";
        DnsAnswer<IPAddress> found = facts.MeAddresses;
        if (!said.Judge(
            "dns.answers", found.Status == DnsStatus.TryAgain, $"no answer for {facts.Me}"))
        {
            said.Unknown("name.address", Silence);
        }
        else if (said.Judge(
            "name.address", found.Records.Count == 0, "it has no address", mend))
        {
            said.Judge(
                "name.own", !found.Records.Any(isOwn),
                $"it leads to {string.Join(", ", found.Records.Take(3))}, not to this host", mend);
        }

        Verdicts helo = new(facts.Helo);
        if (facts.HeloAddresses.Status == DnsStatus.TryAgain)
        {
            helo.Unknown("helo.address", Silence);
        }
        else if (helo.Judge(
            "helo.address", facts.HeloAddresses.Records.Count == 0, "it has no address"))
        {
            JudgeSpf(helo, facts);
        }

        return [.. said.All, .. helo.All, .. facts.Reverse.SelectMany(one => Judge(one, facts))];
    }

    private static void JudgeSpf(Verdicts said, NameFacts facts)
    {
        if (facts.HeloTexts.Status == DnsStatus.TryAgain)
        {
            said.Unknown("helo.spf", Silence);
            return;
        }

        if (!said.Judge(
            "helo.spf", !facts.HeloTexts.Records.Any(SpfAsker.IsRecord),
            "there is no record v=spf1",
            $"{DoctorResult.Safe(facts.Helo)}. IN TXT \"v=spf1 a -all\""))
        {
            return;
        }

        foreach (SpfCheck own in facts.HeloSpf)
        {
            if (own.Result == AuthenticationResult.TempError)
            {
                said.Unknown("helo.here", Silence);
            }
            else
            {
                said.Judge(
                    "helo.here", own.Result != AuthenticationResult.Pass,
                    $"SPF says {own.Result.ToString().ToLowerInvariant()} of "
                    + own.Request.Address);
            }
        }
    }

    private static List<DoctorResult> Judge(NameFacts.ReverseName one, NameFacts facts)
    {
        Verdicts said = new(one.Address.ToString());
        string mend =
            $"{PublicAddresses.ReverseName(one.Address)}. IN PTR {DoctorResult.Safe(facts.Helo)}.";
        if (one.Names.Status == DnsStatus.TryAgain)
        {
            said.Unknown("ptr.missing", Silence);
            return said.All;
        }

        if (!said.Judge("ptr.missing", one.Names.Records.Count == 0, "it has no PTR record", mend))
        {
            return said.All;
        }

        if (one.Proven.Count == 0 && one.IsUnclear)
        {
            said.Unknown("ptr.forward", Silence);
            return said.All;
        }

        string name = DoctorResult.Safe(one.Names.Records[0]);
        if (said.Judge(
            "ptr.forward", one.Proven.Count == 0, $"{name} does not lead back",
            $"{name}. IN A {one.Address}"))
        {
            said.Judge(
                "ptr.helo",
                !one.Names.Records.Contains(facts.Helo, StringComparer.OrdinalIgnoreCase),
                $"its name is {name}, HELO is {facts.Helo}", mend);
        }

        return said.All;
    }
}

using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Dkim;
using Kopis.Mail.Authentication.Dmarc;
using Kopis.Mail.Authentication.Spf;
using Kopis.Net.Dns;

namespace Kopis.Host.Doctor;

/// <summary>Judges a domain by the answers of DNS. No I/O.</summary>
/// <param name="facts">The answers of DNS.</param>
/// <param name="me">The host's name.</param>
/// <param name="isOwn">Whether an address leads to this host.</param>
internal sealed class DomainJudge(DomainFacts facts, string me, Func<IPAddress, bool> isOwn)
{
    private const string Silence = "DNS does not answer";
    private readonly string _domain = facts.Domain;
    private readonly Verdicts _said = new(facts.Domain);

    /// <summary>All findings about the domain.</summary>
    internal List<DoctorResult> Judge()
    {
        JudgeExchangers();
        JudgeSpf();
        JudgeKeys();
        JudgeDmarc();
        JudgeSts();
        JudgeReports();
        return _said.All;
    }

    private void JudgeExchangers()
    {
        string mend = $"{_domain}. IN MX 10 {me}.";
        DnsAnswer<MailExchanger> found = facts.Exchangers;
        if (found.Status == DnsStatus.TryAgain)
        {
            _said.Unknown("mx.missing", Silence);
            return;
        }

        bool hasAny = found.Records.Count > 0;
        if (!hasAny && facts.Hosts.Values.All(one => one.Records.Count == 0))
        {
            _said.Judge(
                "mx.none", facts.Hosts.Values.All(one => one.Status != DnsStatus.TryAgain),
                "no MX record and no address", mend);
            return;
        }

        _said.Judge("mx.missing", !hasAny, "there is no MX record", mend);
        bool isNull = found.Records.Any(one => one.Host.Length == 0);
        if (_said.Judge("mx.null", isNull, "the MX record is the null MX", mend))
        {
            JudgeHosts(found, mend);
        }
    }

    private void JudgeHosts(DnsAnswer<MailExchanger> found, string mend)
    {
        bool isHere = false;
        bool isUnclear = false;
        foreach ((string host, DnsAnswer<IPAddress> answer) in facts.Hosts)
        {
            string shown = DoctorResult.Safe(host);
            _said.Judge(
                "mx.literal", HostAddresses.Literal(host) is not null,
                $"the MX is the address {shown}", mend);
            if (answer.Status == DnsStatus.TryAgain)
            {
                isUnclear = true;
                _said.Unknown("mx.address", $"DNS does not answer for {shown}");
                continue;
            }

            string address = $"{shown}. IN A {Example()}";
            _said.Judge(
                "mx.address", answer.Records.Count == 0, $"{shown} has no address", address);
            IPAddress? bad = answer.Records.FirstOrDefault(PublicAddresses.IsPrivate);
            _said.Judge("mx.private", bad is not null, $"{shown} has {bad}", address);
            isHere |= answer.Records.Any(isOwn);
        }

        if (isHere || !isUnclear)
        {
            _said.Judge("mx.here", !isHere, "no MX leads to an address of this host", mend);
        }

        string best = found.Records.Count > 0
            ? found.Records[0].Host.ToLowerInvariant() : _domain;
        if (facts.Hosts.TryGetValue(best, out DnsAnswer<IPAddress> six)
            && six.Records.Count > 0)
        {
            _said.Judge(
                "mx.ipv6",
                six.Records.All(ip => ip.AddressFamily != AddressFamily.InterNetworkV6),
                $"{DoctorResult.Safe(best)} has no AAAA record",
                $"{DoctorResult.Safe(best)}. IN AAAA ADDRESS");
        }
    }

    private void JudgeSpf()
    {
        if (facts.Texts.Status == DnsStatus.TryAgain)
        {
            _said.Unknown("spf.missing", Silence);
            return;
        }

        int count = facts.Texts.Records.Count(SpfAsker.IsRecord);
        string mend = $"{_domain}. IN TXT \"v=spf1 mx -all\"";
        if (!_said.Judge("spf.missing", count == 0, "there is no record v=spf1", mend)
            || !_said.Judge("spf.several", count > 1, $"there are {count} records v=spf1"))
        {
            return;
        }

        SpfCheck stranger = facts.Stranger;
        if (stranger.Result == AuthenticationResult.TempError)
        {
            _said.Unknown("spf.syntax", Silence);
            return;
        }

        if (!_said.Judge(
            "spf.syntax", stranger.Result == AuthenticationResult.PermError, stranger.Reason)
            || !_said.Judge(
                "spf.open", stranger.Result == AuthenticationResult.Pass,
                $"{stranger.Request.Address} passes by {stranger.Mechanism}"))
        {
            return;
        }

        foreach (SpfCheck own in facts.Own)
        {
            IPAddress ip = own.Request.Address;
            string word = ip.AddressFamily == AddressFamily.InterNetwork ? "ip4" : "ip6";
            if (own.Result == AuthenticationResult.TempError)
            {
                _said.Unknown("spf.here", Silence);
            }
            else
            {
                _said.Judge(
                    "spf.here", own.Result != AuthenticationResult.Pass,
                    $"SPF says {own.Result.ToString().ToLowerInvariant()} of {ip}",
                    $"add {word}:{ip} to the record of {_domain}");
            }
        }
    }

    private void JudgeKeys()
    {
        _said.Judge(
            "dkim.keys", facts.Keys.Count == 0, "there is no key of the domain",
            $"kopis dkim new {_domain}");
        foreach ((SigningRecord key, DnsAnswer<string> answer) in facts.Keys)
        {
            string mend = ZoneRecords.Text(key.Name, key.Record);
            if (answer.Status == DnsStatus.TryAgain)
            {
                _said.Unknown("dkim.missing", $"DNS does not answer for {key.Name}");
                continue;
            }

            if (_said.Judge(
                "dkim.missing", answer.Records.Count == 0, $"{key.Name} is not in DNS", mend))
            {
                _said.Judge(
                    "dkim.different",
                    answer.Records.Count > 1
                        || !DkimKeyRecord.HasKeyOf(answer.Records[0], key.Record),
                    $"{key.Name} has another record in DNS", mend);
            }

            const int RsaBytesOf2048 = 256;
            _said.Judge(
                "dkim.weak",
                DkimKeyRecord.Parse(key.Record) is { IsEd25519: false } own
                    && own.Key.Length < RsaBytesOf2048,
                $"{key.Name} is RSA of less than 2,048 bits", $"kopis dkim rotate {_domain}");
        }
    }

    private void JudgeDmarc()
    {
        if (facts.Dmarc.Status == DnsStatus.TryAgain)
        {
            _said.Unknown("dmarc.missing", Silence);
            return;
        }

        DmarcRecord[] records =
            [.. facts.Dmarc.Records.Select(DmarcRecord.Parse).OfType<DmarcRecord>()];
        string mend = ZoneRecords.Dmarc(_domain);
        if (!_said.Judge("dmarc.missing", records.Length == 0, "there is no DMARC record", mend)
            || !_said.Judge(
                "dmarc.several", records.Length > 1, $"there are {records.Length} records")
            || !_said.Judge(
                "dmarc.syntax", !records[0].IsUsable, "a policy is not none, quarantine or reject",
                mend))
        {
            return;
        }

        _said.Judge(
            "dmarc.none", records[0].Policy == DmarcPolicy.None, "the policy is none");
        _said.Judge("dmarc.test", records[0].IsTest, "t=y");
        _said.Judge(
            "dmarc.reports", records[0].AggregateAddresses.Count == 0, "there is no rua=");
    }

    private void JudgeSts()
    {
        if (facts.Sts.Status == DnsStatus.TryAgain)
        {
            _said.Unknown("sts.missing", Silence);
            return;
        }

        string[] records = [.. facts.Sts.Records.Where(text =>
            text.StartsWith("v=STSv1", StringComparison.Ordinal))];
        if (!_said.Judge("sts.missing", records.Length == 0, "there is no record v=STSv1"))
        {
            return;
        }

        _said.Judge(
            "sts.record", records.Length > 1 || !IsStsRecord(records[0]),
            records.Length > 1 ? $"there are {records.Length} records" : records[0],
            $"_mta-sts.{_domain}. IN TXT \"v=STSv1; id=1\"");
        if (facts.StsHost.Status == DnsStatus.TryAgain)
        {
            _said.Unknown("sts.host", Silence);
            return;
        }

        if (_said.Judge(
            "sts.host", facts.StsHost.Records.Count == 0, $"mta-sts.{_domain} has no address",
            $"mta-sts.{_domain}. IN A {Example()}")
            && facts.Policy is { } fetched)
        {
            StsJudge.Judge(facts, fetched, _said);
        }
    }

    /// <summary>Whether it is an id of 1 to 32 letters and digits (RFC 8461 §3.1).</summary>
    private static bool IsStsRecord(string text)
    {
        const int IdMax = 32;
        return TagList.Parse(ByteText.ToBytes(text)) is { First: "v" } tags
            && tags.Text("v") == "STSv1" && tags.Text("id") is { Length: > 0 and <= IdMax } id
            && id.All(char.IsAsciiLetterOrDigit);
    }

    private void JudgeReports()
    {
        if (facts.TlsReports.Status == DnsStatus.TryAgain)
        {
            _said.Unknown("tlsrpt.missing", Silence);
            return;
        }

        string[] records = [.. facts.TlsReports.Records.Where(text =>
            text.StartsWith("v=TLSRPTv1", StringComparison.Ordinal))];
        string mend =
            $"_smtp._tls.{_domain}. IN TXT \"v=TLSRPTv1; rua=mailto:postmaster@{_domain}\"";
        if (_said.Judge(
            "tlsrpt.missing", records.Length == 0, "there is no record v=TLSRPTv1", mend))
        {
            _said.Judge(
                "tlsrpt.record", records.Length > 1 || !IsReportRecord(records[0]),
                records.Length > 1 ? $"there are {records.Length} records" : records[0], mend);
        }
    }

    private static bool IsReportRecord(string text) =>
        TagList.Parse(ByteText.ToBytes(text)) is { First: "v" } tags
        && tags.Text("v") == "TLSRPTv1" && tags.Text("rua") is { } rua
        && rua.Split(',').All(one =>
            one.Trim().StartsWith("mailto:", StringComparison.OrdinalIgnoreCase)
            || one.Trim().StartsWith("https:", StringComparison.OrdinalIgnoreCase));

    private string Example() =>
        facts.Own.Count > 0 ? facts.Own[0].Request.Address.ToString() : "ADDRESS";
}

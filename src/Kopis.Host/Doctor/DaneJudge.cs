using System.Security.Cryptography.X509Certificates;
using Kopis.Mail.Transport;
using Kopis.Net.Dns;
using Kopis.Net.Tls;

namespace Kopis.Host.Doctor;

/// <summary>Judges the TLSA records of the host. No I/O.</summary>
internal static class DaneJudge
{
    /// <summary>All findings.</summary>
    /// <param name="facts">The answers of DNS and of port 25.</param>
    /// <param name="now">The time at which certificates must be valid.</param>
    internal static List<DoctorResult> Judge(DaneFacts facts, DateTimeOffset now)
    {
        Verdicts said = new($"_25._tcp.{facts.Host}");
        string? trouble = facts.Trouble
            ?? (facts.Records.Status == DnsStatus.TryAgain || facts.Found.State == DaneState.Unknown
                ? "DNS does not answer, or its signatures are wrong" : null);
        if (trouble is not null)
        {
            said.Unknown("dane.missing", trouble);
            return said.All;
        }

        bool isAbsent = facts.Found.State == DaneState.Absent;
        bool isThere = facts.Records.Records is { Count: > 0 } || !isAbsent;
        if (!said.Judge("dane.missing", !isThere, "there is no TLSA record")
            || !said.Judge("dane.signed", isAbsent, "no signature covers its TLSA records")
            || !said.Judge(
                "dane.usable", facts.Found.State == DaneState.Unusable,
                string.Join(", ", facts.Found.Records.Select(Shown))))
        {
            return said.All;
        }

        if (facts.Served is not [X509Certificate2 leaf, ..])
        {
            said.Unknown("dane.match", "port 25 shows no certificate");
            return said.All;
        }

        CertificateFault? fault = DaneCheck.Fault(
            TlsaRecord.Usable(facts.Found.Records), leaf, facts.Served.Skip(1),
            [facts.Found.Base, facts.Host], now);
        said.Judge(
            "dane.match", fault is not null, fault?.Text ?? "",
            $"_25._tcp.{facts.Host}. IN TLSA 3 1 1 {HostGatherer.KeyHashOf(leaf)}");
        return said.All;
    }

    private static string Shown(TlsaRecord record) =>
        $"{record.Usage} {record.Selector} {record.Matching}";
}

using System.Text;
using Kopis.Base;
using Kopis.Mail.Authentication.Reports;
using Kopis.Mail.TlsReports;
using Kopis.Mail.Transport;
using Kopis.Net.Sts;

namespace Kopis.Fuzz.Targets;

/// <summary>What receivers publish of TLS, and reports of it, from anybody.</summary>
internal static class TransportTargets
{
    /// <summary>A policy of MTA-STS: each of its names is one that it lists.</summary>
    internal static void Policy(byte[] input)
    {
        StsPolicy? policy = StsPolicy.Parse(input, out string fault);
        Must.Hold(policy is null == (fault.Length > 0), "neither a policy nor a fault");
        foreach (string name in policy?.Exchangers ?? [])
        {
            string host = name.StartsWith('*') ? "a" + name[1..] : name;
            Must.Hold(policy!.Names(host) || host.Length > 253, $"{host} is not listed");
        }

        Must.Hold(
            policy is null || policy.MaxAge.TotalSeconds <= StsPolicy.SecondsMax, "too long");
        if (StsKept.Read(input) is { } kept)
        {
            StsKept? again = StsKept.Read(kept.ToBytes());
            Must.Equal(kept.ToBytes(), again!.ToBytes(), "another file");
        }
    }

    /// <summary>The TXT records of both, and the header field.</summary>
    internal static void Records(byte[] input)
    {
        string[] texts = Encoding.Latin1.GetString(input).Split('\n');
        string? id = StsRecord.IdOf(texts);
        Must.Hold(id is null || (id.Length is > 0 and <= StsRecord.IdMax
            && id.All(char.IsAsciiLetterOrDigit)), "an id that is none");
        TlsReportRecord? record = TlsReportRecord.Of(texts);
        Must.Hold(record is null || record.Addresses.Count + record.Sites.Count > 0,
            "a record without targets");
        foreach (ReportAddress one in record?.Addresses ?? [])
        {
            Must.BePrintable(ByteText.ToBytes(one.Address), "an address");
        }

        _ = TlsRequiredField.IsIn(input);
    }

    /// <summary>A report: what is read can be shown, and is the same when it is written and read
    /// again.</summary>
    internal static void Report(byte[] input)
    {
        foreach (byte[] document in ReportFile.Find(input, out _, isJson: true))
        {
            TlsReport? report = TlsReportReader.Read(document, out string fault);
            Must.BePrintable(ByteText.ToBytes(fault), "a fault");
            Must.Hold(report is null == (fault.Length > 0), "neither a report nor a fault");
            if (report is null)
            {
                continue;
            }

            byte[] written = TlsReportWriter.Write(report);
            TlsReport? again = TlsReportReader.Read(written, out fault);
            Must.Hold(again is not null, fault);
            Must.Equal(written, TlsReportWriter.Write(again!), "another report");
        }
    }
}

using System.IO.Compression;
using System.Text;
using Kopis.Base;
using Kopis.Mail.Authentication.Reports;

namespace Kopis.Mail.TlsReports;

/// <summary>The message that carries a report (RFC 8460 §5.3). It has TLS-Required: No, since a
/// host whose TLS is faulty must still get the report about that. No I/O.</summary>
public static class TlsReportMessage
{
    private const int LineMax = 76; // RFC 2045 §6.8.

    /// <summary>The report in the form in which it is sent.</summary>
    public static byte[] Pack(TlsReport report)
    {
        MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.SmallestSize))
        {
            gzip.Write(TlsReportWriter.Write(report));
        }

        return packed.ToArray();
    }

    /// <summary>Makes the message, in lines that end in LF.</summary>
    /// <param name="report">The report; its Id has only letters and digits.</param>
    /// <param name="packed">The same report, compressed.</param>
    /// <param name="domain">The domain that it is about.</param>
    /// <param name="submitter">The domain that reports.</param>
    /// <param name="to">Addresses of <see cref="ReportAddress"/>.</param>
    /// <param name="date">The field Date.</param>
    public static byte[] Write(
        TlsReport report, byte[] packed, string domain, string submitter,
        IReadOnlyList<string> to, string date)
    {
        string id = $"<{report.Id}@{submitter}>";
        string name = $"{submitter}!{domain}!{report.Begin.ToUnixTimeSeconds()}!"
            + $"{report.End.ToUnixTimeSeconds()}!{report.Id}.json.gz";
        string boundary = $"report-{report.Id}";
        StringBuilder text = new();
        text.Append($"From: {ReportMessage.Quote(report.Organization)} <{report.Contact}>\n")
            .Append($"To: {string.Join(",\n\t", to)}\n")
            .Append($"Subject: Report Domain: {domain}\n")
            .Append($"\tSubmitter: {submitter}\n")
            .Append($"\tReport-ID: {id}\n")
            .Append($"Date: {date}\n")
            .Append($"Message-ID: {id}\n")
            .Append($"TLS-Report-Domain: {domain}\n")
            .Append($"TLS-Report-Submitter: {submitter}\n")
            .Append("TLS-Required: No\n")
            .Append("Auto-Submitted: auto-generated\n")
            .Append("MIME-Version: 1.0\n")
            .Append("Content-Type: multipart/report; report-type=\"tlsrpt\";\n")
            .Append($"\tboundary=\"{boundary}\"\n\n")
            .Append($"--{boundary}\n")
            .Append("Content-Type: text/plain; charset=us-ascii\n\n")
            .Append($"This is a report of TLS (RFC 8460) about {domain}.\n")
            .Append($"\n--{boundary}\n")
            .Append("Content-Type: application/tlsrpt+gzip\n")
            .Append("Content-Transfer-Encoding: base64\n")
            .Append($"Content-Disposition: attachment;\n\tfilename=\"{name}\"\n\n");
        string encoded = Convert.ToBase64String(packed);
        for (int at = 0; at < encoded.Length; at += LineMax)
        {
            text.Append(encoded.AsSpan(at, Math.Min(LineMax, encoded.Length - at))).Append('\n');
        }

        return ByteText.ToBytes(text.Append($"--{boundary}--\n").ToString());
    }
}

using System.IO.Compression;
using System.Text;
using Kopis.Base;

namespace Kopis.Mail.Authentication.Reports;

/// <summary>The message that carries a report (RFC 9990 §3.5.2). No I/O.</summary>
public static class ReportMessage
{
    private const int LineMax = 76; // RFC 2045 §6.8.

    /// <summary>Makes a message with lines that end in LF.</summary>
    /// <param name="report">The report; its Id has only letters and digits, since the file's name
    /// contains it.</param>
    /// <param name="receiver">The domain that reports.</param>
    /// <param name="to">Addresses of <see cref="ReportAddress"/>.</param>
    /// <param name="date">The field Date.</param>
    public static byte[] Write(
        AggregateReport report, string receiver, IReadOnlyList<string> to, string date)
    {
        string domain = report.Policy.Domain;
        string name = $"{receiver}!{domain}!{report.Begin}!{report.End}!{report.Id}.xml.gz";
        string boundary = $"report-{report.Id}";
        StringBuilder text = new();
        text.Append($"From: {Quote(report.Organization)} <{report.Email}>\n")
            .Append($"To: {string.Join(",\n\t", to)}\n")
            .Append($"Subject: Report Domain: {domain}\n")
            .Append($"\tSubmitter: {receiver}\n")
            .Append($"\tReport-ID: <{report.Id}>\n")
            .Append($"Date: {date}\n")
            .Append($"Message-ID: <{report.Id}@{receiver}>\n")
            .Append("Auto-Submitted: auto-generated\n")
            .Append("MIME-Version: 1.0\n")
            .Append($"Content-Type: multipart/mixed;\n\tboundary=\"{boundary}\"\n\n")
            .Append($"--{boundary}\n")
            .Append("Content-Type: text/plain; charset=us-ascii\n\n")
            .Append($"This is an aggregate report of DMARC (RFC 9990) about {domain}.\n")
            .Append($"\n--{boundary}\n")
            .Append($"Content-Type: application/gzip;\n\tname=\"{name}\"\n")
            .Append("Content-Transfer-Encoding: base64\n")
            .Append($"Content-Disposition: attachment;\n\tfilename=\"{name}\"\n\n");
        string packed = Convert.ToBase64String(Gzip(AggregateReportWriter.Write(report)));
        for (int at = 0; at < packed.Length; at += LineMax)
        {
            text.Append(packed.AsSpan(at, Math.Min(LineMax, packed.Length - at))).Append('\n');
        }

        return ByteText.ToBytes(text.Append($"--{boundary}--\n").ToString());
    }

    /// <summary>A name as a quoted string (RFC 5322 §3.2.4).</summary>
    internal static string Quote(string words) => '"'
        + words.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\"", "\\\"", StringComparison.Ordinal)
        + '"';

    private static byte[] Gzip(byte[] content)
    {
        MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.SmallestSize))
        {
            gzip.Write(content);
        }

        return packed.ToArray();
    }
}

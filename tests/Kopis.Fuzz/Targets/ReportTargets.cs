using Kopis.Mail.Authentication.Reports;

namespace Kopis.Fuzz.Targets;

/// <summary>Aggregate reports of DMARC, from anybody.</summary>
internal static class ReportTargets
{
    /// <summary>A file: what is read of it can be shown, and is the same when it is written and
    /// read again.</summary>
    internal static void File(byte[] input)
    {
        IReadOnlyList<byte[]> documents = ReportFile.Find(input, out string fault);
        Must.Hold(documents.Count > 0 || fault.Length > 0, "neither a report nor a fault");
        Must.Hold(documents.Count <= ReportFile.ReportsMax, "too many reports");
        foreach (byte[] document in documents)
        {
            AggregateReport? report = AggregateReportReader.Read(document, out fault);
            Must.BePrintable(Kopis.Base.ByteText.ToBytes(fault), "a fault");
            if (report is null)
            {
                Must.Hold(fault.Length > 0, "neither a report nor a fault");
                continue;
            }

            foreach (string text in (string[])[report.Organization, report.Email, report.Id,
                report.Contact, report.Error, report.Policy.Domain,
                .. report.Rows.Select(row => row.HeaderFrom)])
            {
                Must.Hold(!text.Any(char.IsControl), "a text that moves the cursor");
            }

            byte[] written = AggregateReportWriter.Write(report);
            AggregateReport? again = AggregateReportReader.Read(written, out fault);
            Must.Hold(again is not null, fault);
            Must.Equal(written, AggregateReportWriter.Write(again!), "another report");
        }
    }
}

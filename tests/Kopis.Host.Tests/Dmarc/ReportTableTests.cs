using Kopis.Host.Dmarc;
using Kopis.Mail.Authentication.Reports;

namespace Kopis.Host.Tests.Dmarc;

/// <summary>Received reports as tables: whoever sends one chooses what is in its cells.</summary>
public class ReportTableTests
{
    [Fact]
    public void One_long_cell_makes_no_other_row_long()
    {
        ReportRow[] rows = [.. Enumerable.Range(0, 1000).Select(number => new ReportRow(
            "192.0.2.1", 1, number == 0 ? new string('x', 300) : "none", "pass", "pass",
            "d.example"))];
        string table = ReportTable.Of(new AggregateReport(
            "o", "e@r.example", "id", 0, 86_399, new PublishedPolicy("d.example"), rows));
        Assert.Contains(new string('x', 300) + "  pass  pass", table, StringComparison.Ordinal);
        Assert.InRange(table.Length, 0, 100 * rows.Length);
    }
}

using System.Net;
using CsCheck;
using Kopis.Base;
using Kopis.Mail.Authentication.Reports;
using Kopis.Net.Dmarc;
using Kopis.Testing;

namespace Kopis.Net.Tests.Dmarc;

/// <summary>What is kept of a day for reports, in memory and on disk, and its bounds.</summary>
public sealed class ReportCollectorTests : IDisposable
{
    private const string Policy =
        "a.example\ta.example\tnone\tnone\tnone\t0\tr\tr\tn\tmailto:r@a.example!10m";

    private static readonly IPAddress Client = IPAddress.Parse("192.0.2.1");
    private static readonly DateOnly Day =
        DateOnly.FromDateTime(ManualTime.Start.UtcDateTime);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kopis-dmarc");
    private readonly ManualTime _time = new();
    private readonly List<string> _log = [];
    private readonly ReportCollector _collector;

    public ReportCollectorTests() =>
        _collector = new ReportCollector(_folder.FullName, _log.Add, _time);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Rows_are_written_after_a_minute_and_equal_ones_are_counted()
    {
        Add("a.example", Row("192.0.2.1"));
        Add("a.example", Row("192.0.2.1"));
        Add("b.example", Row("192.0.2.2"));
        Assert.Empty(Days());
        _time.Advance(ReportCollector.Period);
        Add("a.example", Row("192.0.2.1"));
        _collector.Flush();

        using ReportStore store = new(_folder.FullName);
        Assert.Equal([Day], store.Days());
        Assert.Equal(["a.example", "b.example"], store.Domains(Day));
        DomainRows rows = store.Read(Day, "a.example");
        Assert.Equal(Policy, rows.Policy);
        Assert.Equal([new(Row("192.0.2.1"), 3L)], rows.Rows);
        Assert.Empty(_log);
    }

    [Fact]
    public void A_row_belongs_to_the_day_it_was_seen()
    {
        Add("a.example", Row("192.0.2.1"));
        _time.Advance(TimeSpan.FromSeconds(30));
        _time.Advance(TimeSpan.FromDays(1) - TimeSpan.FromSeconds(31));
        Add("a.example", Row("192.0.2.2"));
        _collector.Flush();

        using ReportStore store = new(_folder.FullName);
        Assert.Equal([Day, Day.AddDays(1)], store.Days());
        Assert.Equal(Row("192.0.2.1"), Assert.Single(store.Read(Day, "a.example").Rows).Key);
    }

    [Fact]
    public void One_source_fills_its_own_part_and_no_more()
    {
        for (int i = 0; i < 1000; i++)
        {
            Add("a.example", Row("192.0.2.1", $"{i}.example"));
            Add("a.example", Row($"2001:db8::{i:x}", $"{i}.example"));
        }

        Add("a.example", Row("192.0.2.2"));
        Add("b.example", Row("192.0.2.1"));
        _collector.Flush();

        using ReportStore store = new(_folder.FullName);
        DomainRows rows = store.Read(Day, "a.example");
        Assert.Equal((2 * DomainRows.RowsOfSourceMax) + 1, rows.Rows.Count);
        Assert.Equal(2000 - (2 * DomainRows.RowsOfSourceMax), rows.Left);
        Assert.Equal(2001, rows.Rows.Values.Sum() + rows.Left);
        Assert.Single(store.Read(Day, "b.example").Rows);
    }

    [Fact]
    public void A_flood_from_everywhere_is_bounded_on_disk_and_others_are_not_touched()
    {
        using ReportStore store = new(_folder.FullName);
        string name = string.Join('.', Enumerable.Repeat(new string('x', 60), 4));
        for (int round = 0; round < 8; round++)
        {
            DomainRows fresh = new();
            for (int i = 0; i < 1000; i++)
            {
                fresh.Add(Policy, Row($"10.{round}.{i / 250}.{i % 250}", name), 1);
            }

            Assert.Equal(0, store.Add(Day, Of("a.example", fresh)));
        }

        DomainRows other = new();
        other.Add(Policy, Row("192.0.2.1"), 1);
        store.Add(Day, Of("b.example", other));
        DomainRows rows = store.Read(Day, "a.example");
        Assert.True(rows.Left > 0);
        Assert.Equal(8000, rows.Rows.Values.Sum() + rows.Left);
        long size = new FileInfo(PathOf("a.example")).Length;
        Assert.InRange(size, DomainRows.BytesMax / 2, 2 * DomainRows.BytesMax);
        Assert.Single(store.Read(Day, "b.example").Rows);
    }

    [Fact]
    public void One_network_has_not_all_places_in_memory()
    {
        for (int i = 0; i < ReportCollector.DomainsMax; i++)
        {
            Add($"{i}.evil.example", Row("192.0.2.1"));
        }

        _collector.Add("a.example", Policy, Row("198.51.100.1"), IPAddress.Parse("198.51.100.1"));
        _collector.Flush();

        using ReportStore store = new(_folder.FullName);
        Assert.Equal(ReportCollector.DomainsOfNetworkMax + 1, store.Domains(Day).Count);
        Assert.Contains("a.example", store.Domains(Day));
        Assert.Equal(LogThrottle.LinesMax, _log.Count);
    }

    [Fact]
    public void Days_that_nobody_sends_go()
    {
        using ReportStore store = new(_folder.FullName);
        DomainRows rows = new();
        rows.Add(Policy, Row("192.0.2.1"), 1);
        for (int i = 0; i < 10; i++)
        {
            store.Add(Day.AddDays(i), Of("a.example", rows));
        }

        Assert.Equal(
            Enumerable.Range(10 - ReportStore.DaysMax, ReportStore.DaysMax)
                .Select(i => Day.AddDays(i)),
            store.Days());
        store.Remove(Day.AddDays(9), "a.example");
        Assert.Equal(ReportStore.DaysMax - 1, store.Days().Count);
    }

    [Fact]
    public void A_file_cut_short_loses_one_line_and_what_was_not_written()
    {
        DomainRows rows = new();
        rows.Add(Policy, Row("192.0.2.1"), 1);
        rows.Add(Policy, Row("192.0.2.2"), 2);
        byte[] whole = rows.ToBytes();
        using ReportStore store = new(_folder.FullName);
        for (int length = 0; length < whole.Length; length++)
        {
            store.Add(Day, Of("a.example", rows));
            File.WriteAllBytes(PathOf("a.example"), whole[..length]);
            store.Add(Day, Of("a.example", rows));

            DomainRows read = store.Read(Day, "a.example");

            Assert.Equal(Policy, read.Policy);
            Assert.InRange(read.Rows[Row("192.0.2.2")], 2, 4);
            Assert.All(
                read.Rows.Where(row => VerdictText.ReadRow(row.Key, row.Value) is not null),
                row => Assert.InRange(row.Value, 1, 4));
        }
    }

    [Fact]
    public void Where_there_is_no_directory_the_log_says_so_and_no_more()
    {
        ReportCollector lost = new(Path.Combine(_folder.FullName, "none"), _log.Add, _time);
        lost.Add("a.example", Policy, Row("192.0.2.1"), Client);
        lost.Flush();
        Assert.Contains("rows of reports are lost", Assert.Single(_log), StringComparison.Ordinal);
        File.CreateSymbolicLink(Path.Combine(_folder.FullName, "link"), _folder.FullName);
        lost = new ReportCollector(Path.Combine(_folder.FullName, "link"), _log.Add, _time);
        lost.Add("a.example", Policy, Row("192.0.2.1"), Client);
        lost.Flush();
        Assert.Equal(2, _log.Count);
        Assert.Empty(Days());
    }

    [Fact]
    public void Two_do_not_send_at_once()
    {
        using ReportStore store = new(_folder.FullName);
        using (store.TryHold("send.lock"))
        {
            using ReportStore other = new(_folder.FullName);
            Assert.Null(other.TryHold("send.lock"));
        }

        using IDisposable? held = store.TryHold("send.lock");
        Assert.NotNull(held);
    }

    [Fact]
    public void A_row_is_read_as_it_was_written() =>
        Gen.Select(
            Gen.Int[0, 3], Gen.Int[0, 2], Gen.Bool, Gen.Bool).Sample((signatures, senders, a, b) =>
        {
            ReportRow row = new("2001:db8::1", 7, "none", a ? "pass" : "fail", "fail", "a.example")
            {
                EnvelopeFrom = b ? "b.example" : "",
                Reasons = a ? [new ReportReason("local_policy", "")] : [],
                Signatures = [.. Enumerable.Range(0, signatures)
                    .Select(i => new ReportedResult($"{i}.example", $"s{i}", "fail"))],
                Senders = [.. Enumerable.Range(0, senders)
                    .Select(i => new ReportedResult($"{i}.example", "mfrom", "softfail"))],
            };
            string line = VerdictText.OfRow(row);
            ReportRow? again = VerdictText.ReadRow(line, 7);
            Assert.NotNull(again);
            Assert.Equal(line, VerdictText.OfRow(again!));
            Assert.Equal(7, again!.Count);
        }, iter: 200);

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("999.0.0.1\tnone\tfail\tfail\ta.example\t\t\t\t")]
    [InlineData("192.0.2.1\tnone\tfail\tfail\ta example\t\t\t\t")]
    [InlineData("192.0.2.1\tnone\tfail\tfail\ta.example\t\t\tx\t")]
    [InlineData("192.0.2.1\tnone\tfa\0\0\tfail\ta.example\t\t\t\t")]
    public void What_is_no_row_is_none(string line) => Assert.Null(VerdictText.ReadRow(line, 1));

    private static string Row(string source, string envelope = "a.example") => VerdictText.OfRow(
        new ReportRow(source, 1, "none", "fail", "fail", "a.example") { EnvelopeFrom = envelope });

    private static Dictionary<string, DomainRows> Of(string domain, DomainRows rows) =>
        new() { [domain] = rows };

    private void Add(string domain, string row) => _collector.Add(domain, Policy, row, Client);

    private string PathOf(string domain) =>
        Path.Combine(_folder.FullName, ReportStore.NameOf(Day), domain);

    private string[] Days() => Directory.GetDirectories(_folder.FullName, "????-??-??");
}

using System.Text;
using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Mail.Smtp;
using Kopis.Testing;
using Kopis.Tools.Journal;
using Kopis.Tools.Metrics;

namespace Kopis.Tools.Tests.Journal;

public sealed class JournalCountersTests
{
    private readonly ManualTime _time = new();
    private readonly JournalCounters _counters;

    public JournalCountersTests() => _counters = new JournalCounters(_time);

    [Fact]
    public void Accepted_mail_counts_by_who_sent_it()
    {
        Count("{\"e\":\"accept\",\"proto\":\"smtp\",\"ip\":\"192.0.2.1\",\"msg\":8,"
            + "\"tls\":\"TLSv1.3 TLS_AES_256_GCM_SHA384\",\"size\":100,\"rcpts\":2}");
        Count("{\"e\":\"accept\",\"proto\":\"smtp\",\"login\":\"a@x\",\"size\":50,\"rcpts\":1}");
        Count("{\"e\":\"queued\",\"uid\":1000,\"size\":7,\"rcpts\":3}");
        Assert.Equal((1, 1, 1), Accepted(MetricCatalog.Accepted));
        Assert.Equal((100, 50, 7), Accepted(MetricCatalog.AcceptedBytes));
        Assert.Equal((2, 1, 3), Accepted(MetricCatalog.AcceptedRecipients));
        Assert.Equal(1, Value(MetricCatalog.Tls, "direction=\"in\",version=\"TLSv1.3\""));
        Assert.Equal(1, Value(MetricCatalog.Tls, "direction=\"in\",version=\"none\""));
        Assert.Equal(3, Value(MetricCatalog.Hour, "event=\"accepted\""));
    }

    [Fact]
    public void Attempts_count_by_channel_result_class_and_time()
    {
        Count("{\"e\":\"attempt\",\"msg\":8,\"channel\":\"remote\",\"to\":\"a@x\","
            + "\"verdict\":\"success\",\"ms\":120,\"age\":3,\"tls\":\"TLSv1.3\"}");
        Count("{\"e\":\"attempt\",\"channel\":\"remote\",\"verdict\":\"deferral\",\"ms\":9,"
            + "\"age\":3,\"class\":\"greylisted\"}");
        Count("{\"e\":\"attempt\",\"channel\":\"local\",\"verdict\":\"failure\",\"ms\":9,"
            + "\"age\":1}");
        Count("{\"e\":\"attempt\",\"channel\":\"remote\",\"verdict\":\"deferral\",\"ms\":0,"
            + "\"age\":3,\"putoff\":1}");
        Assert.Equal(1, Value(
            MetricCatalog.Deliveries, "channel=\"remote\",result=\"success\""));
        Assert.Equal(1, Value(
            MetricCatalog.Deliveries, "channel=\"remote\",result=\"deferral\""));
        Assert.Equal(1, Value(MetricCatalog.Deliveries, "channel=\"remote\",result=\"putoff\""));
        Assert.Equal(1, Value(MetricCatalog.Deliveries, "channel=\"local\",result=\"failure\""));
        Assert.Equal(1, Value(
            MetricCatalog.Failures, "result=\"deferral\",class=\"greylisted\""));
        Assert.Equal(1, Value(MetricCatalog.Tls, "direction=\"out\",version=\"TLSv1.3\""));
        Assert.Equal(2, Value($"{MetricCatalog.AttemptTime}_count", "channel=\"remote\""));
        Assert.Equal(1, Value(
            $"{MetricCatalog.AttemptTime}_bucket", "channel=\"remote\",le=\"0.1\""));
        Assert.Equal(1, Value(
            $"{MetricCatalog.DeliveryTime}_bucket", "channel=\"remote\",le=\"5\""));
        Assert.Equal(0, Value(
            $"{MetricCatalog.DeliveryTime}_bucket", "channel=\"remote\",le=\"1\""));
    }

    /// <summary>Whatever is in a text of a stranger's, it is no field and no label.</summary>
    [Fact]
    public void Texts_are_not_fields()
    {
        JournalRecord record = new(new byte[JournalRecord.BytesMax], "refuse"u8);
        record.Text("helo"u8, ",\"check\":\"queue\","u8);
        record.Text("from"u8, "x\\\",\"check\":\"mailbox\",\"y"u8);
        record.Text("check"u8, "badmailto"u8);
        _counters.Count(record.End()[..^1]);
        Assert.Equal(1, Value(MetricCatalog.Refusals, "check=\"badmailto\""));
        Assert.Equal(1, _counters.Samples().Where(one => one.Name == MetricCatalog.Refusals)
            .Sum(one => one.Value));
        Count("{\"e\":\"refuse\",\"check\":\"a stranger's\"}");
        Assert.Equal(1, Value(MetricCatalog.Refusals, "check=\"other\""));
    }

    /// <summary>A check that is new counts as other until it is added here.</summary>
    [Fact]
    public void Every_check_is_a_label()
    {
        SmtpCheck[] judged =
            [SmtpCheck.ReverseName, SmtpCheck.Spf, SmtpCheck.Dkim, SmtpCheck.Dmarc];
        foreach (SmtpCheck check in Enum.GetValues<SmtpCheck>().Except(judged))
        {
            string name = check.ToString().ToLowerInvariant();
            Count($"{{\"e\":\"refuse\",\"check\":\"{name}\"}}");
            Assert.Equal(1, Value(MetricCatalog.Refusals, $"check=\"{name}\""));
        }
    }

    [Fact]
    public void Every_class_is_a_label()
    {
        foreach (string name in Enum.GetNames<BounceClass>())
        {
            string word = name.ToLowerInvariant();
            Count("{\"e\":\"attempt\",\"channel\":\"remote\",\"verdict\":\"failure\","
                + $"\"class\":\"{word}\"}}");
            Assert.Equal(1, Value(MetricCatalog.Failures, $"result=\"failure\",class=\"{word}\""));
        }
    }

    [Theory]
    [InlineData("{\"e\":\"accept\",\"checks\":\"checks 192.0.2.1 <a@x>: spf=pass dkim=fail "
        + "(bad \\\"x\\\") of y dkim=none dmarc=pass of y taken\",\"from\":\"a@x\"}", 1, 2, 1)]
    [InlineData("{\"e\":\"refuse\",\"check\":\"checks\",\"text\":\"550 no; checks 192.0.2.1 "
        + "<\\\"q\\\"@x>: spf=softfail\"}", 1, 0, 0)]
    [InlineData("{\"e\":\"refuse\",\"check\":\"queue\",\"text\":\"spf=softfail\"}", 0, 0, 0)]
    public void Verdicts_of_checks_count(string record, int spf, int dkim, int dmarc)
    {
        Count(record);
        Assert.Equal(
            ((double)spf, (double)dkim, (double)dmarc),
            (Sum("check=\"spf\""), Sum("check=\"dkim\""), Sum("check=\"dmarc\"")));
    }

    [Fact]
    public void Other_records_count()
    {
        Count("{\"e\":\"connect\",\"proto\":\"smtp\"}");
        Count("{\"e\":\"login\",\"proto\":\"pop3\",\"result\":\"failed\",\"login\":\"x\"}");
        Count("{\"e\":\"new\",\"msg\":8}");
        Count("{\"e\":\"end\",\"msg\":8}");
        Count("{\"e\":\"bounce\",\"msg\":8}");
        Count("{\"e\":\"refused\",\"n\":30}");
        Count("{\"e\":\"unqueued\",\"code\":53}");
        Assert.False(_counters.Count("{\"e\":\"batches\",\"n\":4,\"msgs\":9}"u8));
        Count("{\"e\":\"lost\",\"n\":6}");
        Count("{\"e\":\"something-new\"}");
        _counters.CountLost("room"u8, 2);
        (string Name, string Labels)[] asked =
        [
            (MetricCatalog.Connections, "service=\"smtp\""),
            (MetricCatalog.Logins, "service=\"pop3\",result=\"failed\""),
            (MetricCatalog.Queued, ""), (MetricCatalog.Ended, ""),
            (MetricCatalog.Bounces, "kind=\"bounce\""),
            (MetricCatalog.Refusals, "check=\"other\""),
            (MetricCatalog.Refusals, "check=\"queue\""),
            (MetricCatalog.Batches, ""), (MetricCatalog.BatchMessages, ""),
            (MetricCatalog.Lost, "reason=\"sender\""), (MetricCatalog.Lost, "reason=\"room\""),
            (MetricCatalog.Records, ""),
        ];
        Assert.Equal(
            [1, 1, 1, 1, 1, 30, 1, 4, 9, 6, 2, 9],
            asked.Select(one => Value(one.Name, one.Labels)));
    }

    [Fact]
    public void An_hour_later_it_counts_no_more()
    {
        Count("{\"e\":\"queued\"}");
        _time.Advance(TimeSpan.FromMinutes(30));
        Count("{\"e\":\"queued\"}");
        Assert.Equal(2, Value(MetricCatalog.Hour, "event=\"accepted\""));
        _time.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(1, Value(MetricCatalog.Hour, "event=\"accepted\""));
        _time.Advance(TimeSpan.FromDays(400));
        Assert.Equal(0, Value(MetricCatalog.Hour, "event=\"accepted\""));
        Count("{\"e\":\"queued\"}");
        Assert.Equal(1, Value(MetricCatalog.Hour, "event=\"accepted\""));
        Assert.Equal(3, Value(MetricCatalog.Accepted, "source=\"local\""));
    }

    /// <summary>All of it goes out in one send that does not wait.</summary>
    [Fact]
    public void The_answer_is_small_and_of_the_catalogue()
    {
        foreach (string name in Enum.GetNames<BounceClass>())
        {
            Count("{\"e\":\"attempt\",\"channel\":\"remote\",\"verdict\":\"failure\","
                + $"\"class\":\"{name.ToLowerInvariant()}\"}}");
        }

        MetricSample[] samples = [.. _counters.Samples()];
        byte[] text = MetricText.Lines(samples);
        Assert.InRange(text.Length, 1000, 64 * 1024);
        Assert.Equal(samples, MetricText.Parse(text));
    }

    private void Count(string record)
    {
        byte[] line = Encoding.UTF8.GetBytes(record);
        Assert.True(RecordCheck.IsRecord(line), record);
        Assert.True(_counters.Count(line)); // It is for the journal, too.
    }

    private (double Smtp, double Login, double Local) Accepted(string name) =>
        (Value(name, "source=\"smtp\""), Value(name, "source=\"login\""),
            Value(name, "source=\"local\""));

    private double Sum(string label) => _counters.Samples()
        .Where(one => one.Name == MetricCatalog.Checks && one.Labels.Split(',').Contains(label))
        .Sum(one => one.Value);

    private double Value(string name, string labels) => _counters.Samples()
        .Single(one => one.Name == name && one.Labels == labels).Value;
}

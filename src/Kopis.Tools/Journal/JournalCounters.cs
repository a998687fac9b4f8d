using System.Buffers.Text;
using Kopis.Mail.Dsn;
using Kopis.Tools.Metrics;

namespace Kopis.Tools.Journal;

/// <summary>
/// Counts the journal's records (docs/MONITORING.md). Labels come only from fixed lists; any other
/// value in a record counts as <c>other</c>. Records are searched, not parsed: a name between
/// unescaped quotes is a field name, since quotes within texts are escaped by a backslash. One
/// thread.
/// </summary>
internal sealed class JournalCounters
{
    private const long MillisecondsInSecond = 1000;

    private static readonly LabelSet Services = new("service", "smtp", "pop3", "other");
    private static readonly LabelSet Channels = new("channel", "local", "remote");
    private static readonly LabelSet Versions =
        new("version", "none", "TLSv1.2", "TLSv1.3", "other");

    // docs/SESSION.md, The order of checks, and qmail-journal(5).
    private static readonly LabelSet Checks = new(
        "check", "connection", "connectionplugins", "heloplugins", "authplugins", "messagerate",
        "submission", "mailplugins", "mailfilters", "rcptplugins", "badmailfrom", "badmailto",
        "rcpthosts", "recipientcount", "recipientrate", "clientlists", "badhelo", "heloname",
        "heloself", "senderalias", "mailbox", "greylist", "rcptfilters", "dataplugins", "checks",
        "messagefilters", "toobig", "looping", "address", "queue", "other");

    private readonly CounterTable _records = new(MetricCatalog.Records, true);
    private readonly CounterTable _lost =
        new(MetricCatalog.Lost, true, new LabelSet("reason", "room", "rate", "sender"));

    private readonly CounterTable _connections = new(
        MetricCatalog.Connections, true, new LabelSet("service", "smtp", "qmtp", "qmqp", "other"));

    private readonly CounterTable _logins =
        new(MetricCatalog.Logins, true, Services, new LabelSet("result", "ok", "failed"));

    private readonly CounterTable _refusals = new(MetricCatalog.Refusals, true, Checks);
    private readonly CounterTable _checks = new(
        MetricCatalog.Checks, false, new LabelSet("check", "iprev", "spf", "dkim", "dmarc", "helo"),
        new LabelSet(
            "result", "pass", "fail", "none", "softfail", "neutral", "policy", "temperror",
            "permerror", "other"));

    private readonly CounterTable _accepted;
    private readonly CounterTable _acceptedBytes;
    private readonly CounterTable _acceptedRecipients;
    private readonly CounterTable _tls = new(
        MetricCatalog.Tls, true, new LabelSet("direction", "in", "out"), Versions);

    private readonly CounterTable _batches = new(MetricCatalog.Batches, true);
    private readonly CounterTable _batchMessages = new(MetricCatalog.BatchMessages, true);
    private readonly CounterTable _queued = new(MetricCatalog.Queued, true);
    private readonly CounterTable _ended = new(MetricCatalog.Ended, true);
    private readonly CounterTable _deliveries = new(
        MetricCatalog.Deliveries, true, Channels,
        new LabelSet("result", "success", "failure", "deferral", "putoff", "mangled"));

    private readonly CounterTable _failures = new(
        MetricCatalog.Failures, false, new LabelSet("result", "failure", "deferral"),
        new LabelSet("class", [.. BounceClassNames.OfRecords]));

    private readonly HistogramTable _attemptTime = new(
        MetricCatalog.AttemptTime, Channels,
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1200);

    private readonly HistogramTable _deliveryTime = new(
        MetricCatalog.DeliveryTime, Channels,
        1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200, 604_800);

    private readonly CounterTable _bounces = new(
        MetricCatalog.Bounces, true, new LabelSet("kind", "bounce", "notice", "discard"));

    private readonly HourWindow _hour;
    private readonly double _start;

    internal JournalCounters(TimeProvider time)
    {
        LabelSet sources = new("source", "smtp", "login", "qmtp", "qmqp", "program", "local");
        _accepted = new CounterTable(MetricCatalog.Accepted, true, sources);
        _acceptedBytes = new CounterTable(MetricCatalog.AcceptedBytes, true, sources);
        _acceptedRecipients = new CounterTable(MetricCatalog.AcceptedRecipients, true, sources);
        _hour = new HourWindow(time);
        _start = time.GetUtcNow().ToUnixTimeMilliseconds() / (double)MillisecondsInSecond;
    }

    /// <summary>Counts a record: a valid line as its sender wrote it.</summary>
    /// <returns>Whether the record also belongs in the journal; batches are only counted.</returns>
    internal bool Count(ReadOnlySpan<byte> record)
    {
        ReadOnlySpan<byte> kind = Kind(record);
        if (kind.SequenceEqual("batches"u8))
        {
            _batches.Add(Number(record, ",\"n\":"u8));
            _batchMessages.Add(Number(record, ",\"msgs\":"u8));
            return false;
        }

        _records.Add(1);
        if (kind.SequenceEqual("attempt"u8))
        {
            CountAttempt(record);
        }
        else if (kind.SequenceEqual("accept"u8) || kind.SequenceEqual("queued"u8))
        {
            CountAccepted(record, isLocal: kind.SequenceEqual("queued"u8));
        }
        else if (kind.SequenceEqual("refuse"u8))
        {
            CountRefusal(record);
        }
        else if (kind.SequenceEqual("login"u8))
        {
            ReadOnlySpan<byte> result = Text(record, ",\"result\":\""u8);
            _logins.Add(1, Text(record, ",\"proto\":\""u8), result);
            _hour.Add("logins"u8, 1);
        }
        else
        {
            CountOther(kind, record);
        }

        return true;
    }

    /// <summary>Counts records that are not in the journal.</summary>
    /// <param name="reason"><c>room</c> or <c>rate</c>.</param>
    /// <param name="count">How many.</param>
    internal void CountLost(ReadOnlySpan<byte> reason, long count)
    {
        _lost.Add(count, reason);
        _hour.Add("lost"u8, count);
    }

    /// <summary>The current values.</summary>
    internal IEnumerable<MetricSample> Samples() =>
    [
        new MetricSample(MetricCatalog.JournalStart, "", _start),
        .. ((CounterTable[])
        [
            _records, _lost, _connections, _logins, _refusals, _checks, _accepted, _acceptedBytes,
            _acceptedRecipients, _tls, _batches, _batchMessages, _queued, _ended, _deliveries,
            _failures, _bounces,
        ]).SelectMany(table => table.Samples()),
        .. _attemptTime.Samples(),
        .. _deliveryTime.Samples(),
        .. _hour.Samples(),
    ];

    private void CountOther(ReadOnlySpan<byte> kind, ReadOnlySpan<byte> record)
    {
        if (kind.SequenceEqual("new"u8))
        {
            _queued.Add(1);
        }
        else if (kind.SequenceEqual("end"u8))
        {
            _ended.Add(1);
        }
        else if (kind.SequenceEqual("connect"u8))
        {
            _connections.Add(1, Text(record, ",\"proto\":\""u8));
        }
        else if (kind.SequenceEqual("bounce"u8) || kind.SequenceEqual("notice"u8)
            || kind.SequenceEqual("discard"u8))
        {
            _bounces.Add(1, kind);
        }
        else if (kind.SequenceEqual("unqueued"u8))
        {
            CountRefused("queue"u8, 1);
        }
        else if (kind.SequenceEqual("refused"u8))
        {
            CountRefused("other"u8, Number(record, ",\"n\":"u8));
        }
        else if (kind.SequenceEqual("lost"u8))
        {
            CountLost("sender"u8, Number(record, ",\"n\":"u8));
        }
    }

    private void CountAccepted(ReadOnlySpan<byte> record, bool isLocal)
    {
        ReadOnlySpan<byte> source = isLocal
            ? Has(record, ",\"origin\":\"network\""u8) ? "program"u8 : "local"u8
            : Has(record, ",\"login\":\""u8) ? "login"u8
            : Text(record, ",\"proto\":\""u8);
        _accepted.Add(1, source);
        _acceptedBytes.Add(Number(record, ",\"size\":"u8), source);
        _acceptedRecipients.Add(Number(record, ",\"rcpts\":"u8), source);
        _hour.Add("accepted"u8, 1);
        if (!isLocal)
        {
            _tls.Add(1, "in"u8, Version(Text(record, ",\"tls\":\""u8)));
            CountChecks(Whole(record, ",\"checks\":\""u8));
        }
    }

    private void CountRefusal(ReadOnlySpan<byte> record)
    {
        ReadOnlySpan<byte> check = Text(record, ",\"check\":\""u8);
        CountRefused(check, 1);
        if (check.SequenceEqual("checks"u8))
        {
            CountChecks(Whole(record, ",\"text\":\""u8));
        }
    }

    private void CountRefused(ReadOnlySpan<byte> check, long count)
    {
        _refusals.Add(count, check);
        _hour.Add("refused"u8, count);
    }

    private void CountAttempt(ReadOnlySpan<byte> record)
    {
        ReadOnlySpan<byte> channel = Text(record, ",\"channel\":\""u8);
        ReadOnlySpan<byte> verdict = Text(record, ",\"verdict\":\""u8);
        bool isRemote = channel.SequenceEqual("remote"u8);
        if (Has(record, ",\"putoff\":"u8))
        {
            _deliveries.Add(1, channel, "putoff"u8); // There was no attempt.
            return;
        }

        _deliveries.Add(1, channel, verdict);
        _attemptTime.Add(channel, Number(record, ",\"ms\":"u8));
        if (verdict.SequenceEqual("success"u8))
        {
            _hour.Add("delivered"u8, 1);
            _deliveryTime.Add(channel, Number(record, ",\"age\":"u8) * MillisecondsInSecond);
            if (isRemote)
            {
                _tls.Add(1, "out"u8, Version(Text(record, ",\"tls\":\""u8)));
            }

            return;
        }

        _hour.Add(verdict.SequenceEqual("failure"u8) ? "failed"u8 : "deferred"u8, 1);
        if (isRemote)
        {
            _failures.Add(1, verdict, Text(record, ",\"class\":\""u8));
        }
    }

    /// <summary>Counts results of checks, words such as <c>spf=pass</c>. Blanks occur only between
    /// words, whatever the message contains.</summary>
    private void CountChecks(ReadOnlySpan<byte> words)
    {
        while (!words.IsEmpty)
        {
            int blank = words.IndexOf((byte)' ');
            ReadOnlySpan<byte> word = blank < 0 ? words : words[..blank];
            words = blank < 0 ? [] : words[(blank + 1)..];
            int equals = word.IndexOf((byte)'=');
            if (equals > 0 && IsCheck(word[..equals]))
            {
                _checks.Add(1, word[..equals], word[(equals + 1)..]);
            }
        }
    }

    private static bool IsCheck(ReadOnlySpan<byte> name) =>
        name.SequenceEqual("spf"u8) || name.SequenceEqual("dkim"u8) || name.SequenceEqual("dmarc"u8)
        || name.SequenceEqual("iprev"u8) || name.SequenceEqual("helo"u8);

    // SmtpJournal writes the cipher after it.
    private static ReadOnlySpan<byte> Version(ReadOnlySpan<byte> tls)
    {
        int blank = tls.IndexOf((byte)' ');
        return tls.IsEmpty ? "none"u8 : blank < 0 ? tls : tls[..blank];
    }

    private static ReadOnlySpan<byte> Kind(ReadOnlySpan<byte> record)
    {
        ReadOnlySpan<byte> rest = record["{\"e\":\""u8.Length..];
        return rest[..Math.Max(0, rest.IndexOf((byte)'"'))];
    }

    private static bool Has(ReadOnlySpan<byte> record, ReadOnlySpan<byte> start) =>
        record.IndexOf(start) >= 0;

    /// <summary>A text up to its first quote or backslash, which is enough for fixed words; empty
    /// if there is none.</summary>
    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> record, ReadOnlySpan<byte> start)
    {
        int at = record.IndexOf(start);
        ReadOnlySpan<byte> rest = at < 0 ? [] : record[(at + start.Length)..];
        int end = rest.IndexOfAny((byte)'"', (byte)'\\');
        return end < 0 ? [] : rest[..end];
    }

    /// <summary>The whole text, with its escapes.</summary>
    private static ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> record, ReadOnlySpan<byte> start)
    {
        int at = record.IndexOf(start);
        ReadOnlySpan<byte> rest = at < 0 ? [] : record[(at + start.Length)..];
        for (int i = 0; i < rest.Length; i++)
        {
            if (rest[i] == (byte)'"')
            {
                return rest[..i];
            }

            i += rest[i] == (byte)'\\' ? 1 : 0;
        }

        return [];
    }

    private static long Number(ReadOnlySpan<byte> record, ReadOnlySpan<byte> start)
    {
        int at = record.IndexOf(start);
        return at >= 0
            && Utf8Parser.TryParse(record[(at + start.Length)..], out long number, out _)
                ? number : 0;
    }
}

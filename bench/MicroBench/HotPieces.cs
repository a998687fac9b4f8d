using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;
using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Mail.Header;
using Kopis.Mail.Smtp;
using Kopis.Posix;
using Kopis.Queue.Store.Messages;
using Kopis.Send.Scheduling;

namespace MicroBench;

/// <summary>What every message passes through, one message's worth at a time.</summary>
[MemoryDiagnoser]
public class HotPieces
{
    private const int Waiting = 100_000;

    private readonly ArrayBufferWriter<byte> _to = new(8192);
    private readonly byte[] _record = new byte[RecordHeader.Bytes];
    private byte[] _data = [];
    private byte[] _header = [];
    private DeliveryRequest _request = null!;
    private Scheduler _scheduler = null!;
    private long _now = 1_700_000_000;
    private string _home = "";

    /// <summary>A message of 4 KiB, a scheduler with many waiting, a home with two files.</summary>
    [GlobalSetup]
    public void SetUp()
    {
        string header = "Received: from a.example (HELO a) (192.0.2.1)\r\n  by b.example with SMTP; "
            + "24 Nov 2026 12:00:00 -0000\r\nFrom: <a@a.example>\r\nTo: <b@b.example>\r\n"
            + "Subject: what every message passes through\r\nMessage-ID: <1@a.example>\r\n\r\n";
        string lines = string.Concat(Enumerable.Repeat(new string('x', 76) + "\r\n", 48));
        _header = Encoding.ASCII.GetBytes(header.Replace("\r\n", "\n", StringComparison.Ordinal));
        _data = Encoding.ASCII.GetBytes(header + lines + ".\r\n");
        _scheduler = new Scheduler(lifetimeSeconds: long.MaxValue / 2, batch: true);
        for (int i = 1; i <= Waiting; i++)
        {
            WholeMessage message = new(
                (ulong)i, _now, "s@x.example"u8, [("r@y.example"u8.ToArray(), DeliveryChannel.Remote)]);
            message.SetDue(DeliveryChannel.Remote, _now + i);
            _scheduler.Add(message);
        }

        _home = Directory.CreateTempSubdirectory("kopis-bench").FullName;
        File.WriteAllText(Path.Combine(_home, ".qmail-list-default"), "&a@b.example\n");
        _request = new DeliveryRequest(
            "joe"u8.ToArray(), Encoding.UTF8.GetBytes(_home), "joe-list-some-name"u8.ToArray(),
            "-"u8.ToArray(), "list-some-name"u8.ToArray(), "b.example"u8.ToArray(),
            "s@x.example"u8.ToArray(), "./Maildir/"u8.ToArray());
    }

    /// <summary>Leaves nothing.</summary>
    [GlobalCleanup]
    public void CleanUp() => Directory.Delete(_home, recursive: true);

    /// <summary>DATA of 4 KiB: dots, line ends, the end.</summary>
    [Benchmark]
    public int Data()
    {
        _to.ResetWrittenCount();
        new SmtpDataDecoder().Decode(_data, _to, out int consumed);
        return consumed;
    }

    /// <summary>The six commands of a transaction.</summary>
    [Benchmark]
    public int Commands() =>
        (int)SmtpCommand.Parse("EHLO client.example"u8).Verb
        + (int)SmtpCommand.Parse("MAIL FROM:<sender@client.example> SIZE=4096"u8).Verb
        + (int)SmtpCommand.Parse("RCPT TO:<recipient@host.example>"u8).Verb
        + (int)SmtpCommand.Parse("DATA"u8).Verb
        + (int)SmtpCommand.Parse("RSET"u8).Verb
        + (int)SmtpCommand.Parse("QUIT"u8).Verb;

    /// <summary>The header's hops.</summary>
    [Benchmark]
    public int Header()
    {
        HopCounter hops = new();
        hops.Append(_header);
        return hops.Count;
    }

    /// <summary>A record's framing: header, and the check sum of its 4 KiB.</summary>
    [Benchmark]
    public bool Record()
    {
        RecordHeader header = new()
        {
            Number = 42,
            Arrived = DateTimeOffset.UnixEpoch,
            BodyBytes = _data.Length,
            EnvelopeBytes = 40,
            EnvelopeCrc = Crc32C.Of(_data.AsSpan(0, 40)),
            BodyCrc = Crc32C.Of(_data),
            Uid = 0,
            Qp = 1,
            Origin = MessageOrigin.Network,
            OwnFile = false,
        };
        header.Write(_record);
        return RecordHeader.Read(_record, 42) is not null;
    }

    /// <summary>One step of the schedule with 100,000 messages waiting: take one, defer it.
    /// </summary>
    [Benchmark]
    public bool Schedule()
    {
        Delivery? delivery = null;
        while (delivery is null) // The first turn closes the pass before.
        {
            _now = Math.Max(_now, _scheduler.NextDue(DeliveryChannel.Remote) ?? _now);
            delivery = _scheduler.Next(DeliveryChannel.Remote, _now);
        }

        return _scheduler.Report(delivery, Verdict.Retry) == Verdict.Retry;
    }

    /// <summary>The .qmail file of a mailing list's address: three names tried, one read.</summary>
    [Benchmark]
    public bool DotQmail()
    {
        using DirectoryFd home = DirectoryFd.TryOpen([.. _request.Home, 0], out _)!;
        return DotQmailFile.Find(home, _request).File is not null;
    }
}

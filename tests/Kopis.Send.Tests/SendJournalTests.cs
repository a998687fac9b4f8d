using System.Text.Json;
using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Queue.Intake;
using Kopis.Queue.Spawn;
using Kopis.Send.Scheduling;

namespace Kopis.Send.Tests;

public sealed class SendJournalTests
{
    private readonly List<JsonElement> _records = [];
    private readonly SendJournal _journal;

    public SendJournalTests() => _journal = new SendJournal((lines, count) =>
    {
        string[] all = System.Text.Encoding.UTF8.GetString(lines.Span)
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(count, all.Length);
        Assert.True(lines.Length <= Posix.JournalSocket.PacketBytesMax);
        _records.AddRange(all.Select(line => JsonDocument.Parse(line).RootElement));
    });

    [Theory]
    [InlineData("did 0+2+0\nqp 71\nqp 4000000000\n", "71 4000000000")]
    [InlineData("forward: qp 71\n", "71")]
    [InlineData("did 1+0+0\n", "")]
    [InlineData("qp nonsense qp ", "")]
    public void A_local_delivery_has_what_it_forwarded(string text, string forwards)
    {
        JsonElement record = Attempt(DeliveryChannel.Local, text);
        Assert.Equal(forwards, string.Join(' ', record.TryGetProperty("fwd", out JsonElement list)
            ? list.EnumerateArray().Select(qp => qp.GetString()) : []));
        Assert.False(record.TryGetProperty("host", out _));
    }

    [Theory]
    [InlineData("192.0.2.9 accepted message.\nRemote host said: 250 ok qp 7\n", "192.0.2.9")]
    [InlineData("Connected to 2001:db8::9 but sender was rejected.\n", "2001:db8::9")]
    [InlineData("Sorry, I couldn't find any host by that name.\n", null)]
    [InlineData("Connected to", null)]
    public void A_remote_delivery_has_its_host(string text, string? host)
    {
        JsonElement record = Attempt(DeliveryChannel.Remote, text);
        Assert.Equal(host, record.TryGetProperty("host", out JsonElement one)
            ? one.GetString() : null);
        Assert.False(record.TryGetProperty("fwd", out _));
    }

    [Fact]
    public void A_remote_delivery_has_what_is_known_of_it()
    {
        JsonElement record = Attempt(
            DeliveryChannel.Remote, "no\n",
            new AttemptDetail { Class = BounceClass.RateLimited, TlsVersion = "TLSv1.3" }, 61);
        Assert.Equal("ratelimited", record.GetProperty("class").GetString());
        Assert.Equal("TLSv1.3", record.GetProperty("tls").GetString());
        Assert.Equal(61, record.GetProperty("age").GetInt64());
        Assert.False(record.TryGetProperty("putoff", out _));
    }

    [Fact]
    public void What_is_not_known_is_left_out()
    {
        JsonElement record = Attempt(DeliveryChannel.Local, "ok\n");
        Assert.DoesNotContain(record.EnumerateObject(), field =>
            field.Name is "class" or "tls" or "age" or "putoff");
    }

    [Fact]
    public void Many_records_are_many_packets()
    {
        for (ulong i = 1; i <= 2000; i++)
        {
            _journal.New(i, 5, new byte[900], 7, 8, 1);
        }

        _journal.Bounce(8, new QueueReply(0, 9, 16), isNotice: false);
        _journal.Flush();
        _journal.Flush();
        Assert.Equal(2001, _records.Count);
        Assert.Equal(16UL, _records[^1].GetProperty("child").GetUInt64());
    }

    private JsonElement Attempt(
        DeliveryChannel channel, string text, AttemptDetail? detail = null, long? age = null)
    {
        Scheduler scheduler = new(604_800, batch: false);
        scheduler.Add(Make.Message(1, "s@x", channel == DeliveryChannel.Local ? "l@x" : "r@x"));
        Delivery delivery = scheduler.Next(channel, Make.Born)!;
        delivery.FirstNumber = 5;
        _journal.Attempt(
            delivery, 0, Verdict.Delivered, ByteText.ToBytes(text), detail, age);
        _journal.Flush();
        JsonElement record = Assert.Single(_records);
        Assert.Equal("success", record.GetProperty("verdict").GetString());
        Assert.Equal(5UL, record.GetProperty("delivery").GetUInt64());
        return record;
    }
}

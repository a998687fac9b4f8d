using System.Net;
using Kopis.Mail.Authentication;
using Kopis.Net.Dns;
using Kopis.Testing;

namespace Kopis.Net.Tests;

public class AuthenticationDnsTests
{
    private readonly ManualTime _time = new();
    private readonly CountingDns _dns = new();
    private readonly AnswerCache _cache;

    public AuthenticationDnsTests() => _cache = new AnswerCache(_time, 100);

    [Fact]
    public async Task An_answer_is_kept_for_its_time_to_live()
    {
        _dns.Seconds = 30;
        Assert.Equal(["x"], (await Asker().FindTextsAsync("a.example", default)).Records);
        await Asker().FindTextsAsync("A.Example", default);
        Assert.Equal(1, _dns.Asked);
        _time.Advance(TimeSpan.FromSeconds(29));
        await Asker().FindTextsAsync("a.example", default);
        Assert.Equal(1, _dns.Asked);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Asker().FindTextsAsync("a.example", default);
        Assert.Equal(2, _dns.Asked);
    }

    [Fact]
    public async Task Answers_take_no_more_than_their_bytes()
    {
        const long BytesMax = 100_000;
        AnswerCache cache = new(_time, 10_000, BytesMax);
        AuthenticationDns dns = new(_dns, cache, _time, TimeSpan.FromSeconds(20));
        _dns.Seconds = 3600;
        _dns.Text = new string('x', 4000); // 8 KB in memory.
        for (int i = 0; i < 100; i++)
        {
            await dns.FindTextsAsync($"a{i}.example", default);
            Assert.InRange(cache.Bytes, 8000, BytesMax);
            Assert.InRange(cache.Count, 1, (int)(BytesMax / 8000));
        }

        await dns.FindTextsAsync("a99.example", default);
        await dns.FindTextsAsync("a98.example", default);
        Assert.Equal(100, _dns.Asked);
    }

    [Theory]
    [InlineData(DnsStatus.NoSuchName, DnsOutcome.NoSuchName, 60)]
    [InlineData(DnsStatus.TryAgain, DnsOutcome.Temporary, 10)]
    [InlineData(DnsStatus.Found, DnsOutcome.NoRecords, 60)]
    public async Task The_lack_of_one_is_kept_shortly(
        DnsStatus status, DnsOutcome outcome, int seconds)
    {
        _dns.Status = status;
        _dns.Text = null;
        Assert.Equal(outcome, (await Asker().FindTextsAsync("a.example", default)).Outcome);
        _time.Advance(TimeSpan.FromSeconds(seconds - 1));
        await Asker().FindTextsAsync("a.example", default);
        Assert.Equal(1, _dns.Asked);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Asker().FindTextsAsync("a.example", default);
        Assert.Equal(2, _dns.Asked);
    }

    [Fact]
    public async Task Types_are_kept_apart_and_each_is_asked_for()
    {
        _dns.Seconds = 30;
        AuthenticationDns dns = Asker();
        Assert.Equal(["x"], (await dns.FindTextsAsync("a.example", default)).Records);
        Assert.Equal(["mx.example"], (await dns.FindExchangersAsync("a.example", default)).Records);
        Assert.Equal(
            [IPAddress.Loopback],
            (await dns.FindAddressesAsync("a.example", false, default)).Records);
        Assert.Equal(
            [IPAddress.IPv6Loopback],
            (await dns.FindAddressesAsync("a.example", true, default)).Records);
        Assert.Equal(
            ["host.example"], (await dns.FindNamesAsync(IPAddress.Loopback, default)).Records);
        Assert.Equal(5, dns.Questions);
    }

    [Fact]
    public async Task After_its_time_a_message_has_what_is_kept_and_no_more()
    {
        _dns.Seconds = 3000;
        AuthenticationDns dns = Asker();
        await dns.FindTextsAsync("a.example", default);
        _time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(DnsOutcome.Found, (await dns.FindTextsAsync("a.example", default)).Outcome);
        Assert.Equal(
            DnsOutcome.Temporary, (await dns.FindTextsAsync("b.example", default)).Outcome);
        Assert.Equal(1, _dns.Asked);
        Assert.Equal(
            DnsOutcome.Found, (await Asker().FindTextsAsync("b.example", default)).Outcome);
    }

    [Fact]
    public async Task The_cache_is_bounded_in_number_size_and_time()
    {
        _dns.Seconds = int.MaxValue;
        for (int i = 0; i < 1000; i++)
        {
            await Asker().FindTextsAsync($"n{i}.example", default);
            Assert.InRange(_cache.Count, 1, 100);
        }

        _time.Advance(TimeSpan.FromHours(1));
        Assert.Null(_cache.Find("Tn999.example"));
        _dns.Text = new string('x', 8193);
        await Asker().FindTextsAsync("large.example", default);
        Assert.Null(_cache.Find("Tlarge.example"));
    }

    private AuthenticationDns Asker() => new(_dns, _cache, _time, TimeSpan.FromSeconds(20));

    private sealed class CountingDns : IMailDns
    {
        internal int Asked { get; private set; }

        internal DnsStatus Status { get; set; } = DnsStatus.Found;

        internal string? Text { get; set; } = "x";

        internal int Seconds { get; set; }

        public Task<DnsAnswer<string>> FindTextsAsync(string name, CancellationToken stop) =>
            Answer(Text);

        public Task<DnsAnswer<IPAddress>> FindIPv4Async(string host, CancellationToken stop) =>
            Answer(IPAddress.Loopback);

        public Task<DnsAnswer<IPAddress>> FindIPv6Async(string host, CancellationToken stop) =>
            Answer(IPAddress.IPv6Loopback);

        public Task<DnsAnswer<MailExchanger>> FindExchangersAsync(
            string domain, CancellationToken stop) => Answer(new MailExchanger(1, "mx.example"));

        public Task<DnsAnswer<string>> FindNamesAsync(IPAddress address, CancellationToken stop) =>
            Answer("host.example");

        public Task<DnsAnswer<IPAddress>> FindAddressesAsync(
            string host, CancellationToken stop) => throw new InvalidOperationException();

        private Task<DnsAnswer<T>> Answer<T>(T? record)
        {
            Asked++;
            return Task.FromResult(
                new DnsAnswer<T>(Status, record is null ? [] : [record], Seconds));
        }
    }
}

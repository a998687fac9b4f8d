using System.Net;
using System.Net.Sockets;
using DnsClient;
using Kopis.Config;
using Kopis.Net.Dns;

namespace Kopis.Net.Tests;

/// <summary>Whoever asks may leave while a resolver answers, with whatever bytes. Nobody waits for
/// such a question, and any exception but the one of leaving would end the process.</summary>
public sealed class MailDnsTests : IDisposable
{
    private readonly DirectoryInfo _control = Directory.CreateTempSubdirectory("kopis-dns");
    private readonly Socket _resolver =
        new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);

    private readonly Testing.ManualTime _time = new();
    private readonly MailDns _dns;

    public MailDnsTests()
    {
        _resolver.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        File.WriteAllText(
            Path.Combine(_control.FullName, "resolvers"), $"{_resolver.LocalEndPoint}\n");
        _dns = MailDns.Read(new ControlDirectory(_control.FullName));
    }

    public void Dispose()
    {
        _resolver.Dispose();
        _control.Delete(recursive: true);
    }

    [Theory, InlineData(0), InlineData(100)]
    public async Task Who_leaves_while_there_is_no_answer_leaves(int milliseconds)
    {
        using CancellationTokenSource stop = new();
        if (milliseconds == 0)
        {
            await stop.CancelAsync();
        }

        stop.CancelAfter(milliseconds);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _dns.FindTextsAsync("a.example", stop.Token));
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.0.0.53", true)]
    [InlineData("::1", true)]
    [InlineData("127.0.0.11", false)]
    [InlineData("127.0.0.54", false)]
    [InlineData("::ffff:127.0.0.11", false)]
    [InlineData("192.0.2.53", false)]
    public void A_resolver_that_passes_on_what_others_say_is_not_believed(string ip, bool isOurs)
    {
        Assert.Equal(isOurs, MailDns.IsOurs(IPAddress.Parse(ip)));
        File.WriteAllText(Path.Combine(_control.FullName, "resolvers"), $"127.0.0.1\n{ip}\n");
        MailDns dns = MailDns.ReadSigned(new ControlDirectory(_control.FullName), static _ => { });
        Assert.Equal(isOurs, dns.Signed is not null);
    }

    [Fact]
    public async Task An_answer_is_asked_for_once_while_it_is_good_and_none_has_ten_seconds()
    {
        AnswerCache cache = new(_time);
        for (int i = 0; i < 2; i++)
        {
            Assert.Equal(1, await AskAsync(cache, "a.example", seconds: 60));
            Assert.Equal(0, await AskAsync(cache, "A.example", seconds: 60));
            Assert.Equal(1, await AskAsync(cache, "none.example", seconds: null));
            Assert.Equal(0, await AskAsync(cache, "none.example", seconds: null));
            _time.Advance(TimeSpan.FromSeconds(11));
            Assert.Equal(1, await AskAsync(cache, "none.example", seconds: null));
            Assert.Equal(0, await AskAsync(cache, "a.example", seconds: 60));
            _time.Advance(TimeSpan.FromSeconds(50));
        }
    }

    [Fact]
    public async Task Answers_take_no_more_than_their_bytes()
    {
        AnswerCache cache = new(_time, bytesMax: 8192);
        for (int i = 0; i < 40; i++)
        {
            await AskAsync(cache, $"a{i}.example", seconds: 60);
            Assert.InRange(cache.Bytes, 1, 8192);
        }

        Assert.InRange(cache.Count, 1, 20);
        Assert.Equal(0, await AskAsync(cache, "a39.example", seconds: 60));
    }

    /// <summary>Asks for an address, which the resolver has for some seconds.</summary>
    /// <returns>How often the resolver was asked.</returns>
    private async Task<int> AskAsync(AnswerCache cache, string name, int? seconds)
    {
        NameServer server = new((IPEndPoint)_resolver.LocalEndPoint!);
        KeptLookups lookups = new(
            new LookupClientOptions(server)
            {
                UseCache = false,
                Retries = 0,
            },
            new ResolverOrder([server], TimeProvider.System), cache, 'e', TimeSpan.FromSeconds(10));
        using CancellationTokenSource stop = new();
        Task<int> served = ServeAsync(seconds, stop.Token);
        IDnsQueryResponse answer =
            await lookups.QueryAsync(
                new DnsQuestion(name, QueryType.A), new QuestionTime(TimeSpan.FromMinutes(1)),
                CancellationToken.None);
        Assert.Equal(seconds is null ? 0 : 1, answer.Answers.Count);
        await stop.CancelAsync();
        return await served;
    }

    private async Task<int> ServeAsync(int? seconds, CancellationToken stop)
    {
        byte[] question = new byte[1500];
        try
        {
            SocketReceiveFromResult got = await _resolver.ReceiveFromAsync(
                question.AsMemory(), SocketFlags.None, new IPEndPoint(IPAddress.Loopback, 0),
                stop);
            int end = Array.IndexOf(question, (byte)0, 12) + 5;
            byte records = (byte)(seconds is null ? 0 : 1);
            byte[] answer =
            [
                question[0], question[1], 0x81, 0x80, 0, 1, 0, records, 0, 0, 0, 0,
                .. question[12..end],
                .. seconds is { } good
                    ? (byte[])[0xC0, 12, 0, 1, 0, 1, 0, 0, 0, (byte)good, 0, 4, 192, 0, 2, 1] : [],
            ];
            await _resolver.SendToAsync(
                answer.AsMemory(), SocketFlags.None, got.RemoteEndPoint, CancellationToken.None);
            return 1;
        }
        catch (OperationCanceledException)
        {
            return 0;
        }
    }

    [Fact]
    public async Task And_while_an_answer_that_is_none_comes()
    {
        for (int i = 0; i < 200; i++)
        {
            using CancellationTokenSource stop = new();
            Task asking = _dns.FindTextsAsync($"a{i}.example", stop.Token);
            byte[] question = new byte[1500];
            SocketReceiveFromResult got = await _resolver.ReceiveFromAsync(
                question.AsMemory(), SocketFlags.None, new IPEndPoint(IPAddress.Loopback, 0));
            byte[] answer = [question[0], question[1], 0x81, 0x80, 0, 1, 0, 9, 0, 0, 0, 0, 0xC0];
            await _resolver.SendToAsync(
                answer.AsMemory(), SocketFlags.None, got.RemoteEndPoint);
            await stop.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        }
    }
}

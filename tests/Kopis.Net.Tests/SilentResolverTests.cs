using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using DnsClient;
using Kopis.Base;
using Kopis.Net.Dns;
using Kopis.Testing;

namespace Kopis.Net.Tests;

/// <summary>Two resolvers, of which the first is silent to some questions; and many that are
/// silent to all.</summary>
public sealed class SilentResolverTests : IDisposable
{
    private const byte NoSuchName = 3;
    private const byte Failure = 2;
    private const int Many = 8;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    private readonly Socket _first = NewSocket();
    private readonly Socket _second = NewSocket();
    private readonly ConcurrentQueue<byte> _firstAsked = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ResolverOrder _order;
    private readonly KeptLookups _lookups;
    private readonly Socket[] _silent = [.. Enumerable.Range(0, Many).Select(_ => NewSocket())];
    private byte? _secondSays = NoSuchName;
    private bool _isDead;

    public SilentResolverTests()
    {
        NameServer[] servers = [Of(_first), Of(_second)];
        _order = new ResolverOrder(servers, new ManualTime());
        _lookups = NewLookups(servers, _order, Timeout);
        // The root alone is a name of no octets.
        _ = ServeAsync(_first, question =>
        {
            _firstAsked.Enqueue(question[12]);
            return !_isDead && question[12] == 0 ? (byte)0 : null;
        });
        _ = ServeAsync(_second, _ => _secondSays);
    }

    public void Dispose()
    {
        _stop.Cancel();
        foreach (Socket socket in (Socket[])[_first, _second, .. _silent])
        {
            socket.Dispose();
        }

        _stop.Dispose();
    }

    /// <summary>Before: whoever served a name could make a resolver the last one.</summary>
    [Fact]
    public async Task A_name_that_one_gets_no_answer_for_does_not_make_it_the_last()
    {
        await AskAsync();
        Assert.Equal(Of(_first), _order.All[0]);
        Assert.Contains((byte)0, _firstAsked);
    }

    /// <summary>Before: a failure was waited for at each silent one, too.</summary>
    [Fact]
    public async Task One_that_is_silent_is_not_asked_where_another_has_refused()
    {
        _isDead = true;
        await AskAsync();
        Assert.Equal(Of(_second), _order.All[0]);
        int before = _firstAsked.Count;
        _secondSays = Failure;
        Assert.Equal(
            DnsHeaderResponseCode.ServerFailure, (await AskAsync()).Header.ResponseCode);
        Assert.Equal(before, _firstAsked.Count);
    }

    /// <summary>Before: another way of asking began with silent ones again.</summary>
    [Fact]
    public async Task Nor_where_it_has_refused_the_same_question_in_another_way()
    {
        NameServer first = _order.All[0];
        Assert.True(_order.BeginProbe(first));
        _order.EndProbe(first, isSilent: true);
        _secondSays = Failure;
        QuestionTime time = new(3 * Timeout);
        await AskAsync(time);
        _secondSays = null;
        await Assert.ThrowsAsync<TimeoutException>(() => AskAsync(time));
        Assert.Empty(_firstAsked);
    }

    /// <summary>Before: each had five seconds, and as many again without EDNS.</summary>
    [Fact]
    public async Task A_question_has_one_time_for_all_that_are_silent()
    {
        NameServer[] servers = [.. _silent.Select(Of)];
        KeptLookups lookups = NewLookups(
            servers, new ResolverOrder(servers, new ManualTime()), Timeout);
        QuestionTime time = new(5 * Timeout) { Kept = Timeout };
        long start = TimeProvider.System.GetTimestamp();
        await Assert.ThrowsAsync<TimeoutException>(() => AskAsync(lookups, time));
        Assert.True(TimeProvider.System.GetElapsedTime(start) >= 3 * Timeout);
        Assert.True(time.Left <= TimeSpan.Zero);
        Assert.All(_silent, one => Assert.True(one.Available > 0)); // Each had its part.

        QuestionTime over = new(TimeSpan.Zero);
        await Assert.ThrowsAsync<TimeoutException>(() => AskAsync(over));
        Assert.Empty(_firstAsked);
    }

    [Fact]
    public async Task Whoever_waits_for_a_client_has_four_seconds_for_all()
    {
        ByteEnvironment environment = new()
        {
            ["DNSCACHEIP"] = ByteText.ToBytes(string.Join(',', _silent.Select(
                one => one.LocalEndPoint!.ToString()))),
        };
        MailDns dns = MailDns.ReadHurried(new ProgramContext("test", [], environment, "/"));
        long start = TimeProvider.System.GetTimestamp();
        DnsAnswer<string> answer = await dns.FindTextsAsync("a.example", CancellationToken.None);
        Assert.Equal(DnsStatus.TryAgain, answer.Status);
        Assert.InRange(
            TimeProvider.System.GetElapsedTime(start).TotalSeconds, 3, 2 * (Many - 1));
    }

    private Task<IDnsQueryResponse> AskAsync(QuestionTime? time = null) =>
        AskAsync(_lookups, time ?? new QuestionTime(3 * Timeout));

    private static Task<IDnsQueryResponse> AskAsync(KeptLookups lookups, QuestionTime time) =>
        lookups.QueryAsync(
            new DnsQuestion("a.example", QueryType.A), time, CancellationToken.None);

    private static KeptLookups NewLookups(
        NameServer[] servers, ResolverOrder order, TimeSpan timeout) => new(
        new LookupClientOptions(servers)
        {
            Timeout = timeout, Retries = 0, UseCache = false, ThrowDnsErrors = false,
        },
        order, null, 'e', TimeSpan.Zero);

    private static Socket NewSocket()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    private static NameServer Of(Socket socket) => new((IPEndPoint)socket.LocalEndPoint!);

    private async Task ServeAsync(Socket socket, Func<byte[], byte?> answerOf)
    {
        byte[] question = new byte[1500];
        while (!_stop.IsCancellationRequested)
        {
            SocketReceiveFromResult got = await socket.ReceiveFromAsync(
                question.AsMemory(), SocketFlags.None, new IPEndPoint(IPAddress.Loopback, 0),
                _stop.Token);
            int end = Array.IndexOf(question, (byte)0, 12) + 5;
            if (answerOf(question) is { } code)
            {
                byte[] answer =
                [
                    question[0], question[1], 0x81, (byte)(0x80 | code), 0, 1, 0, 0, 0, 0, 0, 0,
                    .. question[12..end],
                ];
                await socket.SendToAsync(
                    answer.AsMemory(), SocketFlags.None, got.RemoteEndPoint, _stop.Token);
            }
        }
    }
}

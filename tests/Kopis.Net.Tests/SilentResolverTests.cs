using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using DnsClient;
using Kopis.Net.Dns;
using Kopis.Testing;

namespace Kopis.Net.Tests;

/// <summary>Two resolvers, of which the first is silent to some questions.</summary>
public sealed class SilentResolverTests : IDisposable
{
    private const byte NoSuchName = 3;
    private const byte Failure = 2;

    private readonly Socket _first = NewSocket();
    private readonly Socket _second = NewSocket();
    private readonly ConcurrentQueue<byte> _firstAsked = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ResolverOrder _order;
    private readonly KeptLookups _lookups;
    private byte _secondSays = NoSuchName;
    private bool _isDead;

    public SilentResolverTests()
    {
        NameServer[] servers = [Of(_first), Of(_second)];
        _order = new ResolverOrder(servers, new ManualTime());
        _lookups = new KeptLookups(
            new LookupClientOptions(servers)
            {
                Timeout = TimeSpan.FromSeconds(1), Retries = 0, UseCache = false,
                ThrowDnsErrors = false,
            },
            _order, null, 'e', TimeSpan.Zero);
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
        _first.Dispose();
        _second.Dispose();
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

    private Task<IDnsQueryResponse> AskAsync() => _lookups.QueryAsync(
        new DnsQuestion("a.example", QueryType.A), CancellationToken.None);

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

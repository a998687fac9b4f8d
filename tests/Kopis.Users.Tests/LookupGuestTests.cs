using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Testing;
using Kopis.Users.Logins;
using Kopis.Users.Lookup;
using Kopis.Users.Recipients;
using Kopis.Users.Settings;
using Kopis.Users.Tickets;

namespace Kopis.Users.Tests;

/// <summary>What qmail-lookup does for its guest, the dashboard, and what a guest that is an
/// attacker's cannot do to others.</summary>
public sealed class LookupGuestTests : IAsyncDisposable
{
    private const string Joe = "joe@toyokawa.gcd.org";
    private static readonly byte[] Secret = RandomNumberGenerator.GetBytes(ReaderTicket.KeyBytes);
    private static readonly LoginLimits Limits = new(3, 5, 4, TimeSpan.FromMinutes(10));
    private static readonly Account Mailbox = new(Joe, 1000, 1000, "/nowhere", "/bin/sh");

    private readonly TestHome _home = new();
    private readonly InstantTime _time = new();
    private readonly LoginLimiter _listeners;
    private readonly LoginLimiter _guests;
    private readonly LoginClient _client;
    private readonly CancellationTokenSource _stop = new();
    private Func<byte[], Candidate> _find =
        _ => Candidate.Virtual(Mailbox, TestHome.HashOf("right"));

    private LoginChecker? _checker; // The guest's, once it serves.
    private bool _isLocked;
    private LookupServer? _server;
    private Task _serving = Task.CompletedTask;

    public LookupGuestTests()
    {
        (_listeners, _guests) = (new LoginLimiter(_time, Limits), new LoginLimiter(_time, Limits));
        _client = new LoginClient(_home.Path, _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _server?.Dispose();
        _stop.Dispose();
        _home.Dispose();
    }

    [Fact]
    public async Task Its_guesses_are_bounded_and_spend_no_tries_of_listeners_clients()
    {
        Start(LookupServer.GuestIdleMax);
        for (byte i = 0; i < 10; i++)
        {
            Assert.Equal(LookupVerdict.No, (await EnterAsync(i, "wrong")).Verdict);
        }

        Assert.Equal(LookupVerdict.No, (await EnterAsync(200, "right")).Verdict);
        PeerNetwork peer = PeerNetwork.Of(PeerOf(201));
        Assert.Equal(LoginLeave.Refused, _guests.Reserve(peer, ByteText.ToBytes(Joe)));
        Assert.Equal(LoginLeave.Given, _listeners.Reserve(peer, ByteText.ToBytes(Joe)));
    }

    [Fact]
    public async Task An_entry_has_a_mark_that_holds()
    {
        Start(LookupServer.GuestIdleMax);
        LoginAnswer answer = await EnterAsync(1, "right");
        Assert.Equal((LookupVerdict.Yes, Joe), (answer.Verdict, answer.Account));
        (LookupVerdict verdict, byte[] mark) = await HoldsAsync(answer.Mark);
        Assert.Equal(LookupVerdict.Yes, verdict);
        Assert.Equal(answer.Mark, mark);
        Assert.Empty((await EnterAsync(1, "wrong")).Mark);
    }

    /// <summary>What the user's own process takes ends with the login, whoever asks.</summary>
    [Theory]
    [InlineData("lock")]
    [InlineData("password")]
    [InlineData("removal")]
    public async Task A_right_to_settings_ends_with_the_login(string how)
    {
        Start(LookupServer.GuestIdleMax);
        LoginAnswer answer = await EnterAsync(1, "right");
        byte[] key = SettingsRight.KeyOf(Secret, ByteText.ToBytes(Joe), answer.Mark);
        (LookupVerdict verdict, byte[] right) = await RightAsync(Joe, answer.Mark);
        Assert.Equal(LookupVerdict.Yes, verdict);
        Assert.True(SettingsRight.IsGood(right, key, ReaderTicket.Now));
        _isLocked = how == "lock";
        _find = how switch
        {
            "password" => _ => Candidate.Virtual(Mailbox, TestHome.HashOf("another")),
            "removal" => _ => Candidate.Nobody,
            _ => _find,
        };
        (verdict, right) = await RightAsync(Joe, answer.Mark);
        Assert.Equal(LookupVerdict.No, verdict);
        Assert.Empty(right);
    }

    /// <summary>It says that a login holds, so somebody must have logged in.</summary>
    [Fact]
    public async Task A_right_to_settings_is_of_a_login()
    {
        Start(LookupServer.GuestIdleMax);
        LoginAnswer answer = await EnterAsync(1, "right");
        byte[] ofTicket = ReaderTicket.Open(answer.Ticket, Secret)!.Mark;
        Assert.Equal(answer.Mark, ofTicket);
        foreach (byte[] mark in new byte[][] { [], new byte[answer.Mark.Length], ofTicket[..^1] })
        {
            Assert.Equal(LookupVerdict.No, (await RightAsync(Joe, mark)).Verdict);
        }

        Assert.Equal(LookupVerdict.No, (await RightAsync("eva", answer.Mark)).Verdict);
    }

    /// <summary>By the name alone he would be taken for a virtual user later.</summary>
    [Fact]
    public async Task Who_has_a_namesake_does_not_enter_by_another_name()
    {
        _find = name => Candidate.Virtual(
            name.SequenceEqual("other@toyokawa.gcd.org"u8.ToArray()) ? Mailbox with { Name = "joe" }
                : Mailbox,
            TestHome.HashOf("right"));
        Start(LookupServer.GuestIdleMax);
        Assert.Equal(LookupVerdict.Yes, (await EnterAsync(1, "right")).Verdict);
        Assert.Equal(
            LookupVerdict.No, (await EnterAsync(2, "right", "other@toyokawa.gcd.org")).Verdict);
    }

    /// <summary>A password that is new at the same moment ends the session.</summary>
    [Fact]
    public async Task The_mark_is_of_the_record_that_was_judged()
    {
        int asked = 0;
        _find = _ => Candidate.Virtual(
            Mailbox, TestHome.HashOf(asked++ == 0 ? "right" : "another"));
        Start(LookupServer.GuestIdleMax);
        LoginAnswer answer = await EnterAsync(1, "right");
        Assert.Equal(LookupVerdict.Yes, answer.Verdict);
        Assert.Equal(LoginMarks.Bytes, answer.Mark.Length);
        Assert.Equal(LookupVerdict.No, (await HoldsAsync(answer.Mark)).Verdict);
    }

    /// <summary>One hash at a time is a guest's: those who are gone are not judged, and what they
    /// have guessed does not count.</summary>
    [Fact]
    public async Task Who_is_gone_gives_his_turn_up()
    {
        using SemaphoreSlim waits = new(0);
        _find = name =>
        {
            bool isSlow = name.SequenceEqual("slow"u8.ToArray());
            if (!isSlow)
            {
                waits.Release();
            }

            return Candidate.Virtual(Mailbox, isSlow
                ? TestHome.HashOf("x").Replace("$1$", "$5000000$", StringComparison.Ordinal)
                : TestHome.HashOf("right"));
        };
        Start(LookupServer.GuestIdleMax);
        Task<LoginAnswer> judged = EnterAsync(1, "wrong", "slow");
        while (_checker!.Computed == 0)
        {
            await Task.Yield();
        }

        using CancellationTokenSource gone = new();
        Task[] waiting =
        [
            .. Enumerable.Range(0, Limits.Tries).Select(_ => _client.EnterAsync(
                PeerOf(2), ByteText.ToBytes(Joe), "wrong"u8.ToArray(), gone.Token)),
        ];
        for (int i = 0; i < Limits.Tries; i++)
        {
            Assert.True(await waits.WaitAsync(TimeSpan.FromSeconds(30)));
        }

        Assert.False(judged.IsCompleted);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(waiting));
        PeerNetwork peer = PeerNetwork.Of(PeerOf(2));
        LoginLeave leave;
        while ((leave = _guests.Reserve(peer, ByteText.ToBytes(Joe))) == LoginLeave.Wait)
        {
            await Task.Yield();
        }

        Assert.Equal(LoginLeave.Given, leave);
        Assert.False(judged.IsCompleted);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)] // Of the length's two bytes.
    public async Task It_keeps_no_place_without_a_question(int bytes)
    {
        Start(TimeSpan.FromMilliseconds(50));
        using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(_home.In("users/lookup")));
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(30));
        try
        {
            await socket.SendAsync(new byte[bytes]);
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1], limit.Token));
        }
        catch (SocketException e) when (
            e.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            // Closed before it had read all.
        }
    }

    private static IPAddress PeerOf(byte number)
    {
        byte[] address = new byte[16];
        (address[0], address[1]) = (0xFD, number);
        return new IPAddress(address);
    }

    private Task<LoginAnswer> EnterAsync(byte peer, string password, string name = Joe) =>
        _client.EnterAsync(
            PeerOf(peer), ByteText.ToBytes(name), ByteText.ToBytes(password),
            CancellationToken.None);

    private Task<(LookupVerdict Verdict, byte[] Mark)> HoldsAsync(byte[] mark) =>
        _client.HoldsAsync(ByteText.ToBytes(Joe), mark, CancellationToken.None);

    private Task<(LookupVerdict Verdict, byte[] Right)> RightAsync(string account, byte[] mark) =>
        _client.RightAsync(ByteText.ToBytes(account), mark, CancellationToken.None);

    private void Start(TimeSpan idleMax)
    {
        LoginHandler Desk(LoginLimiter limiter) => new(
            _checker = new LoginChecker(name => _find(name), _time, limiter, hashesMax: 1),
            key: Secret, isLocked: _ => _isLocked);
        _server = new LookupServer(
            LookupSocket.Listen(_home.Path),
            new RecipientJudge(new RecipientLookup(_home.Path, asRoot: false), null, _ => null),
            new SenderJudge(_home.Path), Desk(_listeners), _ => true, _ => { })
        {
            Guest = (Processes.EffectiveUid, Desk(_guests), idleMax),
        };
        _serving = _server.RunAsync(_stop.Token);
    }
}

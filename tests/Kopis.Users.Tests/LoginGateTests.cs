using System.Net;
using Kopis.Base;
using Kopis.Testing;
using Kopis.Users.Logins;
using Kopis.Users.Virtual;

namespace Kopis.Users.Tests;

public sealed class LoginGateTests : IDisposable
{
    private static readonly IPAddress Peer = IPAddress.Parse("192.0.2.1");

    private static readonly LoginLimits Limits = LoginLimits.Default;

    private readonly TestHome _home = new();
    private readonly InstantTime _time = new();
    private readonly LoginChecker _gate;

    public LoginGateTests()
    {
        _home.AddUser("joe@toyokawa.gcd.org", "right");
        Accounts accounts = new(_home.Path, hasHostUsers: false);
        _gate = new LoginChecker(name => accounts.Find(name), _time);
    }

    public void Dispose() => _home.Dispose();

    [Theory]
    [InlineData("joe")]
    [InlineData("JOE@toyokawa.GCD.org")]
    public async Task Lets_in(string name)
    {
        Account? account = await Try(name, "right");
        Assert.Equal("joe@toyokawa.gcd.org", account?.Name);
        Assert.EndsWith("users/mail/toyokawa.gcd.org/joe", account!.Home, StringComparison.Ordinal);
        Assert.Empty(_time.Waits);
    }

    [Fact]
    public async Task More_than_may_wait_for_a_hash_are_put_off()
    {
        LoginChecker gate = new(_ => Candidate.Nobody, _time, hashesMax: 0, waitersMax: 1);
        using CancellationTokenSource stop = new();
        Task<LoginVerdict> first = gate.TryAsync(Peer, "joe"u8.ToArray(), [], stop.Token);
        Assert.True((await gate.TryAsync(Peer, "eva"u8.ToArray(), [], stop.Token)).IsPostponed);
        Assert.False(first.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        using CancellationTokenSource over = new();
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => gate.TryAsync(Peer, "eva"u8.ToArray(), [], over.Token)); // It has the place.
    }

    [Theory]
    [InlineData("joe", "wrong")]
    [InlineData("nobody@toyokawa.gcd.org", "right")]
    [InlineData("../joe", "right")]
    [InlineData("", "right")]
    public async Task Refuses_after_a_hash_and_a_wait(string name, string password)
    {
        Assert.Null(await Try(name, password));
        Assert.Equal(1, _gate.Computed);
        TimeSpan wait = Assert.Single(_time.Waits);
        Assert.InRange(wait, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(0.3, 1.7)]
    [InlineData(1.9, 0.1)]
    [InlineData(2, 2)]
    [InlineData(3.5, 0.5)]
    [InlineData(9, 1)]
    public async Task How_long_the_check_took_does_not_show(double took, double wait)
    {
        LoginChecker gate = new(
            _ =>
            {
                _time.Advance(TimeSpan.FromSeconds(took));
                return Candidate.Virtual(new Account("joe", 1, 1, "/", ""), TestHome.HashOf("x"));
            },
            _time);
        LoginVerdict verdict = await gate.TryAsync(Peer, [1], [2], CancellationToken.None);
        Assert.Equal((null, TimeSpan.FromSeconds(wait)), (verdict.Account, verdict.Delay));
    }

    [Fact]
    public async Task Root_is_nobody_and_so_are_users_where_we_are_not_root()
    {
        Assert.Null(await Try("root", ""));
        Assert.Same(Candidate.Nobody, new Accounts(_home.Path, hasHostUsers: true).Find("root"u8));
    }

    [Fact]
    public async Task A_client_that_polls_costs_one_hash()
    {
        for (int i = 0; i < 20; i++)
        {
            Assert.NotNull(await Try("joe", "right"));
            _time.Advance(VerifiedLogins.Lifetime - TimeSpan.FromSeconds(1));
        }

        Assert.Equal(1, _gate.Computed);
        _time.Advance(VerifiedLogins.Lifetime);
        Assert.NotNull(await Try("joe", "right"));
        Assert.Equal(2, _gate.Computed);
    }

    [Fact]
    public async Task What_is_remembered_lets_no_other_password_in()
    {
        Assert.NotNull(await Try("joe", "right"));
        Assert.Null(await Try("joe", "righ"));
        Assert.Null(await Try("joe", "rightx"));
    }

    [Fact]
    public async Task A_changed_password_counts_at_once()
    {
        Assert.NotNull(await Try("joe", "right"));
        using (VirtualUsersFile users = new(_home.Path))
        {
            users.Set("joe@toyokawa.gcd.org", TestHome.HashOf("other"));
            users.Save();
        }

        Assert.Null(await Try("joe", "right"));
        Assert.NotNull(await Try("joe", "other"));
        using (VirtualUsersFile users = new(_home.Path))
        {
            users.Remove("joe@toyokawa.gcd.org");
            users.Save();
        }

        Assert.Null(await Try("joe", "other"));
    }

    [Fact]
    public async Task Who_fails_too_often_is_refused_unseen_and_for_a_time()
    {
        for (int i = 0; i < Limits.Tries; i++)
        {
            Assert.Null(await Try("joe", "wrong"));
        }

        Assert.Equal(Limits.Tries, _gate.Computed);
        Assert.Null(await Try("joe", "right"));
        Assert.Equal(Limits.Tries, _gate.Computed);
        Assert.True(_time.Waits[1] > _time.Waits[0], "the wait grows");
        Assert.True(_time.Waits[^1] <= TimeSpan.FromSeconds(10));
        Assert.NotNull(await Try("joe", "right", IPAddress.Parse("192.0.2.2")));
        _time.Advance(Limits.Window);
        Assert.NotNull(await Try("joe", "right"));
    }

    [Fact]
    public async Task An_account_that_many_fail_at_is_refused_but_for_who_was_right_before()
    {
        Assert.NotNull(await Try("joe", "right", IPAddress.Parse("198.51.100.1")));
        await FailFromMany("joe");
        int computed = _gate.Computed;
        Assert.Null(await Try("joe", "wrong", IPAddress.Parse("198.51.101.2")));
        Assert.Equal(computed, _gate.Computed);
        Assert.NotNull(await Try("joe", "right", IPAddress.Parse("198.51.100.1")));
        _time.Advance(Limits.Window);
        Assert.NotNull(await Try("joe", "right", IPAddress.Parse("198.51.100.3")));
    }

    [Theory]
    [InlineData("198.51.100.1", "198.51.100.200", true)]
    [InlineData("198.51.100.1", "198.51.101.1", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    public async Task Who_guesses_does_not_shut_out_the_owner_where_he_is_known(
        string before, string now, bool known)
    {
        Assert.NotNull(await Try("joe", "right", IPAddress.Parse(before)));
        _time.Advance(VerifiedLogins.Lifetime); // That the password was right is forgotten.
        await FailFromMany("joe");
        Assert.Equal(known, await Try("joe", "right", IPAddress.Parse(now)) is not null);
        _time.Advance(KnownPeers.Lifetime);
        await FailFromMany("joe");
        Assert.Null(await Try("joe", "right", IPAddress.Parse(now)));
    }

    [Fact]
    public async Task Where_the_owner_is_known_an_address_has_its_own_limit_and_no_other_account()
    {
        IPAddress home = IPAddress.Parse("198.51.100.1");
        _home.AddUser("eve@toyokawa.gcd.org", "hers");
        Assert.NotNull(await Try("joe", "right", home));
        await FailFromMany("eve");
        Assert.Null(await Try("eve", "hers", home));
        await FailFromMany("joe");
        int computed = _gate.Computed;
        for (int i = 1; i < Limits.Tries + 5; i++) // One failed at eve's.
        {
            Assert.Null(await Try("joe", "wrong", home));
        }

        Assert.Equal(computed + Limits.Tries - 1, _gate.Computed);
        Assert.Null(await Try("joe", "right", home));
    }

    [Fact]
    public void Known_peers_are_bounded_and_the_one_unused_for_longest_makes_room()
    {
        KnownPeers known = new(_time);
        PeerNetwork first = new(0, true);
        for (uint i = 0; i < KnownPeers.PairsMax; i++)
        {
            known.Add(new PeerNetwork(i, true), 1);
        }

        known.Add(first, 1);
        known.Add(new PeerNetwork(KnownPeers.PairsMax, true), 1);
        Assert.True(known.Contains(first, 1));
        Assert.False(known.Contains(new PeerNetwork(1, true), 1));
        Assert.True(known.Contains(new PeerNetwork(2, true), 1));
        Assert.False(known.Contains(new PeerNetwork(2, false), 1));
    }

    [Fact]
    public async Task Tries_at_once_do_not_get_past_the_limit()
    {
        Task<Account?>[] tries =
            [.. Enumerable.Range(0, 100).Select(_ => Task.Run(() => Try("joe", "wrong")))];
        Assert.All(await Task.WhenAll(tries), Assert.Null);

        Assert.Equal(Limits.Tries, _gate.Computed);
    }

    [Fact]
    public async Task A_damaged_line_is_told_and_harms_nobody_else()
    {
        File.AppendAllText(_home.In("users/virtual"), "joe2@toyokawa.gcd.org:\n");
        Assert.NotNull(await Try("joe", "right"));
        ConfigurationException e =
            await Assert.ThrowsAsync<ConfigurationException>(() => Try("joe2", "right"));
        Assert.Contains("users/virtual: the line of joe2@", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_listeners_end_ends_the_wait() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _gate.CheckAsync(
            Peer, "joe"u8.ToArray(), "wrong"u8.ToArray(),
            new CancellationToken(canceled: true)));

    [Fact]
    public void Nobody_costs_what_anybody_costs()
    {
        string nobody = ByteText.ToText(Candidate.Nobody.Hash);
        string anybody = PasswordHash.Create("x"u8);
        Assert.Equal(anybody.Split('$')[..2], nobody.Split('$')[..2]);
        Assert.Equal(anybody.Length, nobody.Length);
        Assert.False(PasswordHash.Verify(nobody, ""u8));
        Assert.True(PasswordHash.Verify(anybody, "x"u8));
        Assert.False(PasswordHash.Verify(anybody, "y"u8));
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    [InlineData("::c000:201", "192.0.2.1", false)]
    public void Who_is_one_peer(string left, string right, bool same) =>
        Assert.Equal(
            same, PeerNetwork.Of(IPAddress.Parse(left)) == PeerNetwork.Of(IPAddress.Parse(right)));

    private async Task FailFromMany(string name)
    {
        for (int i = 0; i < Limits.AccountTries; i++)
        {
            Assert.Null(await Try(name, "wrong", new IPAddress([203, 0, (byte)i, 1])));
        }
    }

    private Task<Account?> Try(string name, string password, IPAddress? peer = null) =>
        _gate.CheckAsync(
            peer ?? Peer, ByteText.ToBytes(name), ByteText.ToBytes(password),
            CancellationToken.None);
}

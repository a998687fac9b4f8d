using System.Net;
using System.Text;
using Kopis.Config.Maps;
using Kopis.Mail.SmtpClient;
using Kopis.Testing;

namespace Kopis.Remote.Tests;

/// <summary>A login over one connection whose replies end at any byte, and what comes of a refused
/// one.</summary>
public sealed class LoginTests
{
    private const AuthMechanisms All = AuthMechanisms.Plain | AuthMechanisms.Login;
    private readonly ManualTime _time = new();
    private readonly List<string> _warned = [];

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4096)]
    public async Task Plain_in_one_line(int cutBytes) => Assert.Equal("ok", await Play(
        cutBytes, AuthMechanisms.Plain, """
        C: AUTH PLAIN AHVzZXIAcGVuY2ls
        S: 235-2.7.0 welcome
        S: 235 2.7.0 user
        """));

    [Theory, InlineData(1), InlineData(2), InlineData(3), InlineData(4096)]
    public async Task Login_in_three(int cutBytes) => Assert.Equal("ok", await Play(
        cutBytes, AuthMechanisms.Login, """
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        C: dXNlcg==
        S: 334 UGFzc3dvcmQ6
        C: cGVuY2ls
        S: 235 welcome
        """));

    [Theory]
    [InlineData("235 ok\r\n", AuthMechanisms.Plain)]
    [InlineData("334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n235 ok\r\n", AuthMechanisms.Login)]
    [InlineData("535-5.7.8 no\r\n535 5.7.8 no\r\n", AuthMechanisms.Plain)]
    public async Task A_connection_that_ends_at_any_byte_is_no_login(
        string replies, AuthMechanisms offered)
    {
        for (int cut = 0; cut < replies.Length; cut++)
        {
            // All at once would be more than was asked: one reply at a time comes by the byte.
            await using ScriptStream server = ScriptStream.OfReplies(1, replies[..cut]);
            string result = await Run(server, offered, LoginTrust.Verified);
            Assert.Equal("lost", result);
        }
    }

    [Theory]
    [InlineData(LoginTrust.Encrypted)]
    [InlineData(LoginTrust.PlainText)]
    public async Task Nothing_goes_over_a_connection_that_is_not_fit(LoginTrust trust)
    {
        await using ScriptStream server = ScriptStream.OfReplies(1, "235 ok\r\n");
        Assert.Equal(
            "the connection is not what the login asks for", await Run(server, All, trust));
        Assert.Equal("QUIT\r\n", server.Unread.ToString());
    }

    [Fact]
    public async Task A_refused_login_waits_longer_each_time()
    {
        LoginPauses pauses = new(_time, _warned.Add);
        LoginSecret secret = Secret("pencil");
        int tries = 0;
        int[] waits = [60, 120, 240, 480, 960, 1920, 3600, 3600];
        foreach (int seconds in waits)
        {
            Assert.NotNull(await Try());
            Assert.NotNull(pauses.Paused(secret));
            int before = tries;
            Assert.NotNull(await Try());
            Assert.Equal(before, tries);
            Assert.Null(pauses.Paused(Secret("another")));
            _time.Advance(TimeSpan.FromSeconds(seconds - 1));
            Assert.NotNull(pauses.Paused(secret));
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Null(pauses.Paused(secret));
        }

        Assert.Equal(waits.Length, tries);
        Assert.Equal(waits.Length, _warned.Count);
        Assert.All(_warned, line => Assert.Matches(
            @"^login at r:587 as user: no; not tried before \d{4}-[\d: -]+ UTC$", line));
        Assert.Null(await pauses.RunAsync(secret, () => Answer(null), default));
        Assert.NotNull(await Try());
        _time.Advance(TimeSpan.FromSeconds(60)); // It begins anew.
        Assert.Null(pauses.Paused(secret));

        Task<RemoteReport?> Try() => pauses.RunAsync(
            secret, () =>
            {
                tries++;
                return Answer(new LoginRefusal(RemoteReport.Of('Z', "no\n"), "no"));
            }, default);
    }

    [Fact]
    public async Task A_login_that_one_relay_has_refused_does_not_wait_at_another()
    {
        LoginPauses pauses = new(_time, _warned.Add);
        LoginSecret secret = Secret("pencil");
        LoginRefusal refused = new(RemoteReport.Of('Z', "no\n"), "no");
        Assert.NotNull(await pauses.RunAsync(secret, () => Answer(refused), default));
        Assert.NotNull(pauses.Paused(secret.At("r", 587)));
        Assert.Null(pauses.Paused(secret.At("second", 587)));
        Assert.Null(pauses.Paused(secret.At("r", 2587)));
    }

    [Fact]
    public async Task A_connection_that_is_lost_is_no_refusal()
    {
        LoginPauses pauses = new(_time, _warned.Add);
        LoginSecret secret = Secret("pencil");
        LoginRefusal lost = new(RemoteReport.Of('Z', "died\n"), "died") { IsLost = true };
        for (int i = 0; i < 3; i++)
        {
            Assert.NotNull(await pauses.RunAsync(secret, () => Answer(lost), default));
            Assert.Null(pauses.Paused(secret));
        }

        Assert.Empty(_warned);
        LoginRefusal refused = new(RemoteReport.Of('Z', "no\n"), "no");
        Assert.NotNull(await pauses.RunAsync(secret, () => Answer(refused), default));
        _time.Advance(TimeSpan.FromSeconds(59)); // Of the first refusal.
        Assert.NotNull(pauses.Paused(secret));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(pauses.Paused(secret));
    }

    /// <summary>Before: a server that refuses by closing the connection was asked without end.
    /// </summary>
    [Fact]
    public async Task Connections_that_are_lost_again_and_again_are_one()
    {
        LoginPauses pauses = new(_time, _warned.Add);
        LoginSecret secret = Secret("pencil");
        LoginRefusal lost = new(RemoteReport.Of('Z', "died\n"), "died") { IsLost = true };
        foreach (bool succeeds in (bool[])[true, false])
        {
            for (int i = 0; i < 3; i++)
            {
                await pauses.RunAsync(secret, () => Answer(lost), default);
                Assert.Null(pauses.Paused(secret));
            }

            await pauses.RunAsync(secret, () => Answer(succeeds ? null : lost), default);
            Assert.Equal(succeeds, pauses.Paused(secret) is null);
        }

        Assert.Single(_warned);
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Null(pauses.Paused(secret));
    }

    [Fact]
    public void A_relay_that_loses_two_logins_of_a_message_is_left()
    {
        RemoteHost[] hosts = [.. Enumerable.Range(1, 3).Select(i => new RemoteHost(
            new IPEndPoint(IPAddress.Parse($"192.0.2.{i}"), 587), "r"))];
        AddressWalk walk = new(0);
        AttemptServer server = new("r", "192.0.2.1", "", default);
        walk.NoteLostLogin(server);
        Assert.False(walk.IsOver(hosts));
        walk.NoteLostLogin(server);
        Assert.True(walk.IsOver(hosts));
    }

    [Fact]
    public async Task Until_one_has_succeeded_one_tries_at_a_time()
    {
        LoginPauses pauses = new(_time, _warned.Add);
        LoginSecret secret = Secret("pencil");
        TaskCompletionSource<LoginRefusal?> first = new();
        int others = 0;
        Task<RemoteReport?> begun = pauses.RunAsync(secret, () => first.Task, default);
        Task<RemoteReport?>[] waiting =
            [.. Enumerable.Range(0, 5).Select(_ => pauses.RunAsync(secret, Other, default))];
        Assert.Equal(0, others);
        first.SetResult(new LoginRefusal(RemoteReport.Of('Z', "no\n"), "no"));
        Assert.NotNull(await begun);
        Assert.All(await Task.WhenAll(waiting), Assert.NotNull);
        Assert.Equal(0, others);

        Task<LoginRefusal?> Other()
        {
            others++;
            return Answer(null);
        }
    }

    private static Task<LoginRefusal?> Answer(LoginRefusal? refusal) => Task.FromResult(refusal);

    private async Task<string> Play(int cutBytes, AuthMechanisms offered, string transcript)
    {
        await using ScriptStream server = new(cutBytes, transcript);
        string result = await Run(server, offered, LoginTrust.Verified);
        Assert.True(server.IsDone);
        return result + server.Unread;
    }

    private async Task<string> Run(
        ScriptStream server, AuthMechanisms offered, LoginTrust trust)
    {
        using SmtpConnection peer = new(server, () => server.HasMore, TimeSpan.FromSeconds(30));
        SmtpLink link = new(peer, IPAddress.Parse("1.2.3.4"), "y", DateTimeOffset.UnixEpoch)
        {
            Offers = new ServerOffers { Auth = offered },
            Trust = trust,
        };
        string reason = "";
        LoginPauses pauses = new(_time, line => reason = line);
        RelayLogin login = new(null!, pauses, _time);
        AddressWalk walk = new(0);
        bool isGood = await login.RunAsync(link, Secret("pencil"), walk, default);
        return isGood ? "ok"
            : pauses.Paused(Secret("pencil")) is null ? "lost" + reason
            : reason.Split(": ", 2)[1].Split("; ")[0];
    }

    private static LoginSecret Secret(string password) => new(
        new SmtpRoute("r", 587)
        {
            Login = new SmtpLogin
            {
                User = "user"u8.ToArray(),
                Password = Encoding.ASCII.GetBytes(password),
            },
        }, Encoding.ASCII.GetBytes(password));
}

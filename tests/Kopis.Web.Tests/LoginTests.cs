using System.Text;
using Kopis.Base;
using Kopis.Testing;
using Kopis.Users.Logins;
using Kopis.Web.Login;

namespace Kopis.Web.Tests;

/// <summary>Who gets in, for how long, and what guessing costs.</summary>
public sealed class LoginTests : IDisposable
{
    private static readonly LoginLimits Limits = new(3, 10, 5, TimeSpan.FromMinutes(15));

    // One iteration: what is tested is who is counted.
    private static readonly string Hash = Cheap("right");
    private static readonly byte[] Key = PasswordFile.BrowserKey(Hash);

    private readonly ManualTime _clock = new();
    private readonly SignIn _signIn;
    private readonly Sessions _sessions;

    public LoginTests() =>
        (_signIn, _sessions) = (new SignIn(_clock, Limits), new Sessions(_clock));

    public void Dispose() => _signIn.Dispose();

    [Fact]
    public async Task A_user_may_guess_a_few_times_and_again_when_the_window_is_over()
    {
        for (int i = 0; i < Limits.Tries; i++)
        {
            Assert.Equal(LookupVerdict.No, await Try("wrong"));
        }

        Assert.Equal(LookupVerdict.Later, await Try("right"));
        _clock.Advance(Limits.Window + TimeSpan.FromSeconds(1));
        Assert.Equal(LookupVerdict.Yes, await Try("right"));
    }

    [Fact]
    public async Task A_user_uses_up_his_own_tries_alone()
    {
        // More of them than the bounds of a network and of an account.
        for (uint uid = 1001; uid < 1040; uid++)
        {
            for (int i = 0; i < Limits.Tries; i++)
            {
                Assert.Equal(LookupVerdict.No, await Try("wrong", uid));
            }

            Assert.Equal(LookupVerdict.Later, await Try("right", uid));
        }

        Assert.Equal(LookupVerdict.Yes, await Try("right", 1000));
        Assert.Equal(LookupVerdict.Yes, await Try("right", 0));
    }

    [Fact]
    public async Task Guessers_do_not_shut_out_a_browser_that_was_in_before()
    {
        ulong browser = KnownBrowser.Find(KnownBrowser.New(Key), Key)!.Value;
        for (int i = 0; i < 20; i++)
        {
            _ = await Try("wrong", (uint)i);
            _ = await Try("wrong");
        }

        Assert.Equal(LookupVerdict.Later, await Try("right"));
        Assert.Equal(LookupVerdict.Yes, await Try("right", browser: browser));
        for (int i = 0; i < Limits.Tries; i++)
        {
            Assert.Equal(LookupVerdict.No, await Try("wrong", browser: browser));
        }

        Assert.Equal(LookupVerdict.Later, await Try("right", browser: browser));
    }

    /// <summary>Four wait for their turn at most; who has gone waits no more.</summary>
    [Fact]
    public async Task A_browser_that_is_gone_gives_its_turn_up()
    {
        string slow = Hash.Replace("$1$", "$5000000$", StringComparison.Ordinal); // Some seconds.
        Task<LookupVerdict> judged = _signIn.JudgeAsync(
            1001, null, SignIn.Bytes("wrong"), slow, CancellationToken.None);
        using CancellationTokenSource gone = new();
        Task<LookupVerdict>[] waiting =
        [
            .. Enumerable.Range(0, 3).Select(_ => _signIn.JudgeAsync(
                1002, null, SignIn.Bytes("wrong"), Hash, gone.Token)),
        ];
        Assert.Equal(LookupVerdict.Later, await Try("right", 1003)); // There is no room.
        Assert.False(judged.IsCompleted);
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(waiting));
        Assert.Equal(LookupVerdict.Yes, await Try("right", 1003));
        Assert.Equal(LookupVerdict.Yes, await Try("right", 1002)); // They have not guessed.
        Assert.Equal(LookupVerdict.No, await judged);
    }

    [Fact]
    public void A_browser_is_known_by_our_signature_alone()
    {
        string cookie = KnownBrowser.New(Key);
        Assert.NotNull(KnownBrowser.Find(cookie, Key));
        Assert.Null(KnownBrowser.Find(cookie, PasswordFile.BrowserKey(Cheap("other"))));
        char other = cookie[0] == 'A' ? 'B' : 'A';
        Assert.Null(KnownBrowser.Find(other + cookie[1..], Key));
        foreach (string? none in (string?[])[null, "", "x", "=", new string('A', 5000)])
        {
            Assert.Null(KnownBrowser.Find(none, Key));
        }
    }

    [Fact]
    public void A_session_ends_when_nobody_uses_it_and_after_a_day()
    {
        byte[] now = PasswordFile.Fingerprint(Hash);
        string cookie = _sessions.Begin(now);
        _clock.Advance(Sessions.IdleMax);
        Assert.NotNull(_sessions.Find(cookie, now, isPage: true));
        _clock.Advance(Sessions.IdleMax);
        Assert.NotNull(_sessions.Find(cookie, now, isPage: false)); // It keeps nothing going.
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(_sessions.Find(cookie, now, isPage: true));

        cookie = _sessions.Begin(now);
        for (TimeSpan age = default; age < Sessions.LifeMax; age += Sessions.IdleMax)
        {
            Assert.NotNull(_sessions.Find(cookie, now, isPage: true));
            _clock.Advance(Sessions.IdleMax);
        }

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(_sessions.Find(cookie, now, isPage: true));
    }

    [Fact]
    public void A_new_password_and_the_end_of_a_session_end_it()
    {
        byte[] now = PasswordFile.Fingerprint(Hash);
        string first = _sessions.Begin(now);
        string second = _sessions.Begin(now);
        Assert.NotEqual(first, second);
        Assert.NotEqual(
            _sessions.Find(first, now, isPage: true)!.Token,
            _sessions.Find(second, now, isPage: true)!.Token);
        _sessions.End(first);
        Assert.Null(_sessions.Find(first, now, isPage: true));
        Assert.Null(_sessions.Find(
            second, PasswordFile.Fingerprint(Cheap("new")), isPage: true));
        Assert.Null(_sessions.Find(second, now, isPage: true));
        Assert.Null(_sessions.Find("", now, isPage: true));
    }

    [Fact]
    public void The_oldest_session_makes_room()
    {
        byte[] now = PasswordFile.Fingerprint(Hash);
        string first = _sessions.Begin(now);
        _clock.Advance(TimeSpan.FromSeconds(1));
        string second = _sessions.Begin(now);
        for (int i = 2; i <= Sessions.SessionsMax; i++)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            _ = _sessions.Begin(now);
        }

        Assert.Null(_sessions.Find(first, now, isPage: true));
        Assert.NotNull(_sessions.Find(second, now, isPage: true));
    }

    private Task<LookupVerdict> Try(
        string password, uint uid = 1000, ulong? browser = null) =>
        _signIn.JudgeAsync(uid, browser, SignIn.Bytes(password), Hash, CancellationToken.None);

    private static string Cheap(string password)
    {
        byte[] salt = new byte[16];
        byte[] key = System.Security.Cryptography.Rfc2898DeriveBytes.Pbkdf2(
            Encoding.ASCII.GetBytes(password), salt, 1,
            System.Security.Cryptography.HashAlgorithmName.SHA256, 32);
        return $"pbkdf2-sha256$1${Convert.ToBase64String(salt)}${Convert.ToBase64String(key)}";
    }
}

using Kopis.Testing;
using Kopis.Users.Settings;
using Kopis.Web.Own;

namespace Kopis.Web.Tests;

/// <summary>Places of mail users' sessions, and who has them.</summary>
public sealed class OwnSessionsTests : IDisposable
{
    private const string Joe = "joe@toyokawa.gcd.org";

    private readonly TestHome _home = new();
    private readonly ManualTime _clock = new();
    private readonly OwnSessions _sessions;

    public OwnSessionsTests()
    {
        _home.AddUser(Joe, "right");
        _sessions = new OwnSessions(_clock);
    }

    public void Dispose()
    {
        _sessions.Dispose();
        _home.Dispose();
    }

    /// <summary>With as many accounts as have four each somebody could keep all others out.
    /// </summary>
    [Fact]
    public void Who_has_several_makes_room_for_who_has_none()
    {
        List<string> many = [];
        for (int i = 0; i < OwnSessions.SessionsMax; i++)
        {
            many.Add(Begin($"many{i / OwnSessions.OfAccountMax}@x.example")!);
            _clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.NotNull(_sessions.Find(many[0])); // Of the first account it is the latest now.
        string? mine = Begin("joe@x.example");
        Assert.NotNull(mine);
        Assert.NotNull(_sessions.Find(mine));
        Assert.NotNull(_sessions.Find(many[0]));
        Assert.Null(_sessions.Find(many[1]));
        Assert.Equal(
            OwnSessions.SessionsMax - 1, many.Count(one => _sessions.Find(one) is not null));
    }

    [Fact]
    public void Who_has_one_keeps_it()
    {
        for (int i = 0; i < OwnSessions.SessionsMax; i++)
        {
            Assert.NotNull(Begin($"one{i}@x.example"));
        }

        Assert.Null(Begin("joe@x.example"));
    }

    private string? Begin(string account)
    {
        SettingsClient channel = SettingsClient.OfOneUser(_home.Path, Joe)!;
        string? secret = _sessions.Begin(account, channel, [1]);
        if (secret is null)
        {
            channel.Dispose();
        }

        return secret;
    }
}

using System.Net;
using Kopis.Base;
using Kopis.Testing;
using Kopis.Users.Logins;

namespace Kopis.Users.Tests;

/// <summary>Who may have a try at a password judged.</summary>
public sealed class LoginLimiterTests
{
    private static readonly LoginLimits Limits = LoginLimits.Default;

    private readonly InstantTime _time = new();
    private readonly LoginLimiter _limiter;

    public LoginLimiterTests() => _limiter = new LoginLimiter(_time);

    [Fact]
    public void Tries_at_once_have_their_places_before_they_are_judged()
    {
        LoginLeave[] leaves =
            [.. Enumerable.Range(0, 200).Select(i => Reserve("192.0.2.1", $"joe{i}"))];
        Assert.Equal(Limits.Tries, leaves.Count(leave => leave == LoginLeave.Given));
        Assert.Equal(200 - Limits.Tries, leaves.Count(leave => leave == LoginLeave.Wait));
        for (int i = 0; i < Limits.Tries; i++)
        {
            Settle("192.0.2.1", $"joe{i}", LookupVerdict.No);
        }

        Assert.Equal(LoginLeave.Refused, Reserve("192.0.2.1", "joe"));
        _time.Advance(Limits.Window);
        Assert.Equal(LoginLeave.Given, Reserve("192.0.2.1", "joe"));
    }

    [Theory]
    [InlineData(LookupVerdict.Yes)]
    [InlineData(LookupVerdict.Later)]
    public void What_does_not_fail_gives_its_place_back(LookupVerdict verdict)
    {
        for (int i = 0; i < 100; i++)
        {
            Assert.Equal(LoginLeave.Given, Reserve("192.0.2.1", "joe"));
            Settle("192.0.2.1", "joe", verdict);
        }
    }

    [Fact]
    public void One_address_never_shuts_an_owner_out()
    {
        Assert.Equal(Limits.Tries, FailFrom("192.0.2.1", 100));
        Assert.Equal(LoginLeave.Given, Reserve("198.51.100.1", "joe"));
    }

    [Theory]
    [InlineData("2001:db8:1:{0:x}::1")] // Another /64 of one /48 for each try.
    [InlineData("192.0.2.{0}")]
    public void One_network_never_does(string pattern)
    {
        int judged = Enumerable.Range(1, 200).Sum(i => FailFrom(
            string.Format(null, System.Text.CompositeFormat.Parse(pattern), i), 1));
        Assert.Equal(Limits.NetworkTries, judged);
        Assert.Equal(LoginLeave.Given, Reserve("198.51.100.1", "joe"));
        Assert.Equal(LoginLeave.Given, Reserve("2001:db8:2::1", "joe"));
    }

    [Fact]
    public void Five_strangers_do_not_shut_out_an_owner_who_is_known()
    {
        Assert.Equal(LoginLeave.Given, Reserve("198.51.100.1", "joe"));
        Settle("198.51.100.1", "joe", LookupVerdict.Yes);
        Assert.Equal(50, Enumerable.Range(1, 5).Sum(i => FailFrom($"203.0.{i}.1", 10)));
        Assert.Equal(LoginLeave.Refused, Reserve("203.0.6.1", "joe"));
        Assert.Equal(LoginLeave.Given, Reserve("198.51.100.77", "joe"));
        Settle("198.51.100.77", "joe", LookupVerdict.Yes);

        // Nor do his neighbours, whose network is full.
        Assert.Equal(30, Enumerable.Range(2, 3).Sum(i => FailFrom($"198.51.100.{i}", 10, "ann")));
        Assert.Equal(LoginLeave.Given, Reserve("198.51.100.1", "joe"));
    }

    [Fact]
    public void Without_a_name_no_account_is_counted()
    {
        Assert.Equal(
            100, Enumerable.Range(0, 10).Sum(i => FailFrom($"203.0.{i}.1", 10, "")));
        Assert.Equal(LoginLeave.Given, Reserve("198.51.100.1", ""));
    }

    [Fact]
    public void What_was_reserved_and_never_told_is_over_with_its_window()
    {
        for (int i = 0; i < Limits.Tries; i++)
        {
            Reserve("192.0.2.1", "joe");
        }

        Assert.Equal(LoginLeave.Wait, Reserve("192.0.2.1", "joe"));
        _time.Advance(Limits.Window);
        Assert.Equal(LoginLeave.Given, Reserve("192.0.2.1", "joe"));
    }

    [Fact]
    public void The_tables_are_bounded()
    {
        TryCounter<int> counter = new(_time, Limits.Window, keysMax: 100);
        for (int i = 0; i <= 100; i++)
        {
            _time.Advance(TimeSpan.FromTicks(1));
            counter.Settle(i, hasFailed: true);
        }

        // The oldest made room: it begins anew, the others go on.
        Assert.Equal((0, 1, 1), (counter.FailedOf(0), counter.FailedOf(1), counter.FailedOf(100)));
    }

    [Fact]
    public void A_sites_own_limits()
    {
        using TestHome home = new();
        Assert.Equal(Limits, LoginLimits.Read(new(home.In("control"))));
        File.WriteAllText(home.In("control/logintries"), "3\n");
        File.WriteAllText(home.In("control/loginwindow"), "60\n");
        Assert.Equal(
            Limits with { Tries = 3, Window = TimeSpan.FromMinutes(1) },
            LoginLimits.Read(new(home.In("control"))));
        File.WriteAllText(home.In("control/loginaccounttries"), "0\n");
        Assert.Throws<Base.ConfigurationException>(
            () => LoginLimits.Read(new(home.In("control"))));
    }

    private int FailFrom(string peer, int times, string account = "joe")
    {
        int judged = 0;
        for (int i = 0; i < times; i++)
        {
            if (Reserve(peer, account) == LoginLeave.Given)
            {
                judged++;
                Settle(peer, account, LookupVerdict.No);
            }
        }

        return judged;
    }

    private LoginLeave Reserve(string peer, string account) => _limiter.Reserve(
        PeerNetwork.Of(IPAddress.Parse(peer)), Base.ByteText.ToBytes(account));

    private void Settle(string peer, string account, LookupVerdict verdict) => _limiter.Settle(
        PeerNetwork.Of(IPAddress.Parse(peer)), Base.ByteText.ToBytes(account), verdict);
}

using System.Net;
using Kopis.Testing;
using Kopis.Users.Logins;
using Kopis.Users.Lookup;

namespace Kopis.Users.Tests;

/// <summary>What names of nobody cost a client, and what part of qmail-lookup it has.</summary>
public sealed class UnknownNamesTests
{
    private readonly InstantTime _time = new();

    [Fact]
    public void The_first_are_free_and_each_more_is_later()
    {
        UnknownNames names = new(_time, 3);
        Assert.Equal(
            [0, 0, 0, 100, 200], Enumerable.Range(0, 5).Select(_ => Count(names, "192.0.2.1")));
        Assert.Equal(0, Count(names, "198.51.100.1"));
        for (int i = 0; i < 200; i++)
        {
            Count(names, "192.0.2.1");
        }

        Assert.Equal(UnknownNames.DelayMax.TotalMilliseconds, Count(names, "192.0.2.1"));
        _time.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(0, Count(names, "192.0.2.1"));
    }

    [Fact]
    public void A_network_has_four_addresses_worth()
    {
        UnknownNames names = new(_time, 3);
        Assert.Equal(
            12, Enumerable.Range(0, 20).Count(i => Count(names, $"2001:db8:1:{i}::1") == 0));
        Assert.Equal(0, Count(names, "2001:db8:2::1"));
    }

    [Fact]
    public void Without_a_limit_none_costs()
    {
        UnknownNames names = new(_time, 0);
        Assert.All(Enumerable.Range(0, 500), _ => Assert.Equal(0, Count(names, "192.0.2.1")));
    }

    [Fact]
    public async Task A_client_has_its_places_and_no_more()
    {
        PeerShares shares = new(2, TimeProvider.System);
        PeerNetwork one = PeerNetwork.Of(IPAddress.Parse("192.0.2.1"));
        PeerNetwork other = PeerNetwork.Of(IPAddress.Parse("192.0.2.2"));
        Assert.True(await shares.EnterAsync(one, TimeSpan.Zero, CancellationToken.None));
        Assert.True(await shares.EnterAsync(one, TimeSpan.Zero, CancellationToken.None));
        Assert.False(await shares.EnterAsync(one, TimeSpan.Zero, CancellationToken.None));
        Assert.True(await shares.EnterAsync(other, TimeSpan.Zero, CancellationToken.None));
        Task<bool> waits =
            shares.EnterAsync(one, TimeSpan.FromMinutes(1), CancellationToken.None);
        shares.Leave(one);
        Assert.True(await waits);
    }

    private static double Count(UnknownNames names, string peer) =>
        names.Count(IPAddress.Parse(peer)).TotalMilliseconds;
}

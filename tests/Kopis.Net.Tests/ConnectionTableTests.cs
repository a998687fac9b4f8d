using System.Net;
using Kopis.Net.Listener;

namespace Kopis.Net.Tests;

/// <summary>Who may have one more connection.</summary>
public sealed class ConnectionTableTests
{
    private const int Places = 200;
    private static readonly ConnectionBounds Bounds =
        new(PerAddress: 50, PerNetwork: 100); // As without control files.

    private readonly ConnectionTable _table = new();
    private int _open;

    [Fact]
    public void One_address_has_its_limit_and_another_is_served()
    {
        Assert.Equal(50, Fill("192.0.2.1", 1000));
        Assert.Equal(1, Fill("192.0.2.2", 1));
        Assert.Equal(1, Fill("2001:db8::1", 1));
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.2", 50)] // Of one network, which has 100.
    [InlineData("2001:db8::1", "2001:db8::ffff:1", 0)] // One client.
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1", 50)]
    [InlineData("64:ff9b::192.0.2.1", "192.0.2.1", 0)] // One client, translated.
    [InlineData("64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", 50)]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1", 0)]
    public void What_counts_as_one(string first, string second, int left)
    {
        Assert.Equal(50, Fill(first, 60));
        Assert.Equal(left, Fill(second, 60));
    }

    [Theory]
    [InlineData("192.0.2.")]
    [InlineData("2001:db8:0:")]
    public void A_network_has_its_limit(string prefix)
    {
        int open = 0;
        for (int i = 1; i < 100; i++)
        {
            open += Fill(prefix.Contains(':', StringComparison.Ordinal)
                ? $"{prefix}{i}::1" : $"{prefix}{i}", 5);
        }

        Assert.Equal(100, open);
        Assert.Equal(1, Fill("198.51.100.1", 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(30)]
    public void Many_networks_never_take_the_last_place(int networks)
    {
        for (int turn = 0; turn < 1000; turn++)
        {
            for (int network = 0; network < networks; network++)
            {
                Fill($"10.0.{network}.1", 1);
            }
        }

        Assert.InRange(_open, 1, Places - 1);
        Assert.Equal(1, Fill("192.0.2.1", 1));
    }

    [Fact]
    public void A_client_with_none_open_has_the_last_place()
    {
        _open = Places - 1;
        Assert.Equal(1, Fill("192.0.2.1", 2));
        Assert.Equal(0, Fill("192.0.2.1", 1));
    }

    [Fact]
    public void Who_leaves_may_come_again()
    {
        Fill("192.0.2.1", 1000);
        Leave("192.0.2.1");
        Assert.Equal(1, Fill("192.0.2.1", 10));
        for (int i = 0; i < 50; i++)
        {
            Leave("192.0.2.1");
        }

        Assert.Equal(50, Fill("192.0.2.1", 1000));
    }

    [Fact]
    public void Without_limits_all_places_are_anybodys()
    {
        for (int i = 0; i < Places; i++)
        {
            Assert.True(_table.TryEnter(
                IPAddress.Parse("192.0.2.1"), ConnectionBounds.None, Places - i));
        }
    }

    private int Fill(string address, int times)
    {
        int before = _open;
        for (int i = 0; i < times; i++)
        {
            _open += _table.TryEnter(IPAddress.Parse(address), Bounds, Places - _open) ? 1 : 0;
        }

        return _open - before;
    }

    private void Leave(string address)
    {
        _table.Leave(IPAddress.Parse(address));
        _open--;
    }
}

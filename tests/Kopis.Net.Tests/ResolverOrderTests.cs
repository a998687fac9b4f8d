using System.Net;
using DnsClient;
using Kopis.Net.Dns;

namespace Kopis.Net.Tests;

/// <summary>A resolver that was silent keeps nobody waiting again until it answers.</summary>
public class ResolverOrderTests
{
    private readonly Testing.ManualTime _time = new();
    private readonly NameServer[] _servers =
        [.. Enumerable.Range(1, 3).Select(i => new NameServer(IPAddress.Parse($"192.0.2.{i}")))];

    private readonly ResolverOrder _order;

    public ResolverOrderTests() => _order = new ResolverOrder(_servers, _time);

    [Fact]
    public void They_are_asked_in_order_and_silent_ones_last()
    {
        AssertOrder(0, 1, 2);
        Note(0, isSilent: true);
        AssertOrder(1, 2, 0);
        Note(1, isSilent: true);
        AssertOrder(2, 0, 1);
        Note(0, isSilent: false);
        AssertOrder(0, 2, 1);
    }

    [Fact]
    public void A_silent_one_is_probed_by_one_question_at_a_time_and_less_and_less()
    {
        Note(0, isSilent: true);
        Assert.Null(_order.NextProbe());
        foreach (int seconds in (int[])[30, 60, 120, 240, 300, 300])
        {
            Later(seconds - 1);
            Assert.Null(_order.NextProbe());
            Note(0, isSilent: true); // Of a question that began before: no longer pause.
            Later(1);
            Assert.Same(_servers[0], _order.NextProbe());
            Assert.Null(_order.NextProbe());
            Later(5);
            _order.Note(_servers[0], isSilent: true, isProbe: true);
            AssertOrder(1, 2, 0);
        }

        Later(300);
        Assert.Same(_servers[0], _order.NextProbe());
        _order.Note(_servers[0], isSilent: false, isProbe: true);
        AssertOrder(0, 1, 2);
        Note(0, isSilent: true);
        Later(30); // It begins anew.
        Assert.Same(_servers[0], _order.NextProbe());
    }

    [Fact]
    public void Where_all_are_silent_each_question_asks_them()
    {
        foreach (int i in (int[])[0, 1, 2])
        {
            Note(i, isSilent: true);
        }

        Later(1000);
        AssertOrder(0, 1, 2);
        Assert.Null(_order.NextProbe());
    }

    private void Note(int server, bool isSilent) =>
        _order.Note(_servers[server], isSilent, isProbe: false);

    private void Later(int seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));

    private void AssertOrder(params int[] expected) =>
        Assert.Equal(expected.Select(i => _servers[i]), _order.All);
}

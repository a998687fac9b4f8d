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
        Silence(0);
        AssertOrder(1, 2, 0);
        Silence(1);
        AssertOrder(2, 0, 1);
        _order.NoteAnswer(_servers[0]);
        AssertOrder(0, 2, 1);
    }

    [Fact]
    public void One_that_is_late_is_probed_once_at_a_time_and_what_it_answers_counts()
    {
        Assert.True(_order.BeginProbe(_servers[0]));
        Assert.False(_order.BeginProbe(_servers[0]));
        _order.EndProbe(_servers[0], isSilent: false);
        AssertOrder(0, 1, 2);
        Assert.True(_order.BeginProbe(_servers[0]));
        _order.NoteAnswer(_servers[0]); // Of another question.
        _order.EndProbe(_servers[0], isSilent: true);
        AssertOrder(0, 1, 2);
        Silence(0);
        Assert.False(_order.BeginProbe(_servers[0])); // That has its time.
        Assert.False(new ResolverOrder(_servers[..1], _time).BeginProbe(_servers[0]));
    }

    [Fact]
    public void A_silent_one_is_probed_by_one_question_at_a_time_and_less_and_less()
    {
        Silence(0);
        Assert.Null(_order.NextProbe());
        foreach (int seconds in (int[])[30, 60, 120, 240, 300, 300])
        {
            Later(seconds - 1);
            Assert.Null(_order.NextProbe());
            Later(1);
            Assert.Same(_servers[0], _order.NextProbe());
            Assert.Null(_order.NextProbe());
            Later(5);
            _order.EndProbe(_servers[0], isSilent: true);
            AssertOrder(1, 2, 0);
        }

        Later(300);
        Assert.Same(_servers[0], _order.NextProbe());
        _order.EndProbe(_servers[0], isSilent: false);
        AssertOrder(0, 1, 2);
        Silence(0);
        Later(30); // It begins anew.
        Assert.Same(_servers[0], _order.NextProbe());
    }

    [Fact]
    public void Where_all_are_silent_each_question_asks_them()
    {
        foreach (int i in (int[])[0, 1, 2])
        {
            Silence(i);
        }

        Later(1000);
        AssertOrder(0, 1, 2);
        Assert.Null(_order.NextProbe());
    }

    private void Silence(int server)
    {
        Assert.True(_order.BeginProbe(_servers[server]));
        _order.EndProbe(_servers[server], isSilent: true);
    }

    private void Later(int seconds) => _time.Advance(TimeSpan.FromSeconds(seconds));

    private void AssertOrder(params int[] expected) =>
        Assert.Equal(expected.Select(i => _servers[i]), _order.All);
}

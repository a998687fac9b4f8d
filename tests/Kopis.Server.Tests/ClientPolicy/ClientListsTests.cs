using Kopis.Base;
using Kopis.Server.ClientPolicy;

namespace Kopis.Server.Tests.ClientPolicy;

public sealed class ClientListsTests
{
    private const string Client = "192.0.2.9";
    private const string Listed = "550 sorry, 192.0.2.9 is listed by a.example (#5.7.1)";
    private const string Later =
        "451 sorry, 192.0.2.9 is listed by a.example; try again later (#4.7.1)";

    [Theory]
    [InlineData("a.example", "127.0.0.2", Listed)]
    [InlineData("a.example", "127.0.1.254", Listed)]
    [InlineData("a.example:1:127.0.0.2-4", "127.0.0.4", Listed)]
    [InlineData("a.example:1:127.0.0.2-4", "127.0.0.5", "")]
    [InlineData("a.example:1:127.0.0.2-4", "127.0.0.9 127.0.0.3", Listed)]
    [InlineData("a.example:1:127.0.0.9,127.0.0.2-127.0.1.1", "127.0.1.0", Listed)]
    [InlineData("a.example:1::4", "127.0.0.2", Listed)]
    [InlineData("a.example:1::6", "127.0.0.2", "")]
    public async Task Codes_and_families(string line, string answer, string verdict)
    {
        using GateCase gate = new($"dnslists: {line}");
        gate.List(Client, "a.example", answer);
        Assert.Equal(verdict, await gate.VerdictAsync(Client));
    }

    [Theory] // A list that is over quota, refuses, is for sale, or has become a wildcard.
    [InlineData("127.255.255.254")]
    [InlineData("127.0.0.2 127.255.255.252")]
    [InlineData("203.0.113.80")]
    [InlineData("127.0.0.2 203.0.113.80")]
    public async Task Answers_that_are_none_list_nobody(string answer)
    {
        using GateCase gate = new("dnslists: a.example");
        gate.List(Client, "a.example", answer);
        Assert.Equal("", await gate.VerdictAsync(Client));
    }

    [Fact]
    public async Task A_list_of_everyone_lists_nobody_and_is_left_alone()
    {
        using GateCase gate = new("dnslists: a.example");
        gate.List(Client, "a.example", "127.0.0.2");
        gate.List("127.0.0.1", "a.example", "127.0.0.2");
        Assert.Equal("", await gate.VerdictAsync(Client));
        Assert.Contains(
            "a.example lists everyone", Assert.Single(gate.Log), StringComparison.Ordinal);
        int asked = gate.Dns.Asked.Count;
        Assert.Equal("", await gate.VerdictAsync("192.0.2.10"));
        Assert.Equal(asked, gate.Dns.Asked.Count);

        // It comes to its senses.
        gate.Dns.Table.TryRemove("1.0.0.127.a.example", out _);
        gate.Time.Advance(DnsList.RestAfterLie);
        Assert.Equal(Listed, await gate.VerdictAsync(Client));
    }

    [Fact]
    public async Task Six_of_ip_is_asked_digit_by_digit()
    {
        using GateCase gate = new("dnslists: a.example:1::6");
        string zeros = string.Concat(Enumerable.Repeat("0.", 23));
        gate.Dns.Table[$"1.{zeros}8.b.d.0.1.0.0.2.a.example"] = "127.0.0.2";
        Assert.StartsWith("550 ", await gate.VerdictAsync("2001:db8::1"), StringComparison.Ordinal);
        Assert.Equal("", await gate.VerdictAsync("2001:db8::2"));
    }

    [Theory] // a weighs 2, b 3, the list of the good -4; thresholds 3 to put off, 5 to refuse.
    [InlineData("a", "")]
    [InlineData("b", "451")]
    [InlineData("a b", "550")]
    [InlineData("a b good", "")]
    [InlineData("b good?", "451")] // Put off by its own weight.
    [InlineData("a b good?", "451")] // The good might have known it: nothing is for good.
    [InlineData("a? b?", "")]
    [InlineData("a? b", "451")]
    [InlineData("a? b?  good?", "")]
    public async Task Weights(string lists, string code)
    {
        using GateCase gate = new(
            "dnslists: a.example:2 b.example:3 good.example:-4", "dnslistreject: 5",
            "dnslistdefer: 3");
        foreach (string list in lists.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            string zone = $"{list.TrimEnd('?')}.example";
            gate.List(Client, zone, list.EndsWith('?') ? "?" : "127.0.0.2");
        }

        string verdict = await gate.VerdictAsync(Client);
        Assert.Equal(code, verdict.Length == 0 ? "" : verdict[..3]);
    }

    [Fact]
    public async Task A_mark_names_score_and_lists()
    {
        using GateCase gate = new(
            "dnslists: a.example:2 b.example:1", "dnslistreject: 0", "dnslisttag: 2");
        gate.List(Client, "b.example", "127.0.0.2");
        Assert.Equal("", await gate.VerdictAsync(Client));
        gate.List("192.0.2.10", "a.example", "127.0.0.2");
        gate.List("192.0.2.10", "b.example", "127.0.0.2");
        Assert.Equal("X-Client-Check: 192.0.2.10 score=3 lists=a.example,b.example",
            await gate.VerdictAsync("192.0.2.10"));
    }

    [Fact]
    public async Task Dead_lists_delay_no_more_than_one_bound_together()
    {
        using GateCase gate = new("dnslists: a.example b.example", "dnslisttimeout: 7");
        gate.List(Client, "a.example", "...");
        gate.List(Client, "b.example", "...");
        Task<string> verdict = gate.VerdictAsync(Client);
        gate.Time.Advance(TimeSpan.FromSeconds(6.9));
        Assert.False(verdict.IsCompleted);
        gate.Time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal("", await verdict.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public async Task A_list_that_stays_silent_is_left_alone_for_a_while()
    {
        using GateCase gate = new("dnslists: a.example");
        for (int last = 1; last <= DnsList.SilencesMax; last++)
        {
            gate.List($"192.0.2.{last}", "a.example", "?");
            Assert.Equal("", await gate.VerdictAsync($"192.0.2.{last}"));
        }

        Assert.Contains(
            "a.example does not answer", Assert.Single(gate.Log), StringComparison.Ordinal);
        gate.List(Client, "a.example", "127.0.0.2");
        Assert.Equal("", await gate.VerdictAsync(Client));
        gate.Time.Advance(DnsList.RestAfterSilence);
        Assert.Equal(Listed, await gate.VerdictAsync(Client));
    }

    [Fact]
    public async Task Answers_are_kept_shortly_and_shorter_when_partial()
    {
        using GateCase gate = new("dnslists: a.example b.example:-1");
        gate.List(Client, "a.example", "127.0.0.2");
        gate.List(Client, "b.example", "?");
        Assert.Equal(Later, await gate.VerdictAsync(Client));
        gate.List(Client, "b.example", "127.0.0.3");
        Assert.Equal(Later, await gate.VerdictAsync(Client));
        gate.Time.Advance(ExpiringCache<Listing>.KeepPartial);
        Assert.Equal("", await gate.VerdictAsync(Client));
        gate.Dns.Table.TryRemove("9.2.0.192.b.example", out _);
        gate.Time.Advance(ExpiringCache<Listing>.KeepWhole - TimeSpan.FromSeconds(1));
        Assert.Equal("", await gate.VerdictAsync(Client));
        gate.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Listed, await gate.VerdictAsync(Client));
    }

    [Fact]
    public async Task Sessions_of_one_client_ask_once()
    {
        using GateCase gate = new("dnslists: a.example", "dnslisttimeout: 7");
        gate.List(Client, "a.example", "...");
        Task<string> first = gate.VerdictAsync(Client);
        Task<string> second = gate.VerdictAsync(Client);
        Assert.Single(gate.Dns.Asked);
        gate.Time.Advance(TimeSpan.FromSeconds(7));
        await Task.WhenAll(first, second).WaitAsync(TimeSpan.FromSeconds(30));
    }

    // It may be a list of the good that is silent: nothing is for good, all else is as it was.
    [Theory]
    [InlineData("a")]
    [InlineData("a.example:0")]
    [InlineData("a.example:heavy")]
    [InlineData("a.example:1001")]
    [InlineData("a.example:1:127.0.0.4-2")]
    [InlineData("a.example:1:127.0.2")]
    [InlineData("a.example:1:127.0.0.2-3-4")]
    [InlineData("a.example:1::5")]
    [InlineData("a.example:1::4:6")]
    [InlineData("a\r.example")]
    public async Task A_line_that_is_none_harms_no_other(string line)
    {
        using GateCase gate = new($"dnslists: c.example {line} a.example");
        gate.List(Client, "a.example", "127.0.0.2");
        Assert.Equal(Later, await gate.VerdictAsync(Client));
        Assert.Equal("", await gate.VerdictAsync("192.0.2.10"));
        Assert.Contains(
            "dnslists: line 2: ", Assert.Single(gate.Warnings), StringComparison.Ordinal);

        gate.Write("dnslists", "a.example");
        gate.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(Listed, await gate.VerdictAsync(Client));
        gate.Write("dnslists", line);
        gate.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("", await gate.VerdictAsync(Client));
    }

    [Theory]
    [InlineData("messages:address:5")]
    [InlineData("messages:address:0/60")]
    [InlineData("messages:address:5/0")]
    [InlineData("messages:address:5/60/60")]
    [InlineData("messages:world:5/60")]
    [InlineData("thoughts:address:5/60")]
    [InlineData("connections:user:5")]
    [InlineData("messages:address")]
    public async Task A_limit_that_is_none_limits_nobody_and_others_stay(string line)
    {
        using GateCase gate = new($"clientlimits: {line} connections:address:1");
        using ClientState one = await gate.AdmitAsync(Client);
        Assert.Null(one.TurnedAway);
        Assert.Equal("421", (await gate.AdmitAsync(Client)).TurnedAway?.Line[..3]);
        Assert.Contains(
            $"clientlimits: line 1: \"{line}\" is not subject:scope:count/seconds",
            Assert.Single(gate.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dnslistreject: some")]
    [InlineData("dnslisttimeout: long")]
    [InlineData("clientname: maybe")]
    [InlineData("greetdelay: -1")]
    [InlineData("tarpitdelay: 2m")]
    public void What_cannot_be_understood_is_never_a_default(string file)
    {
        using GateCase gate = new(file);
        Assert.Throws<ConfigurationException>(gate.Check);
    }
}

using System.Net;
using System.Net.Sockets;
using Kopis.Config;
using Kopis.Remote.Sources;
using Kopis.Testing;

namespace Kopis.Remote.Tests.Sources;

/// <summary>control/sourceaddresses: which line fits, in which order addresses are tried, which of
/// them are rested.</summary>
public sealed class SourceTests : IDisposable
{
    private static readonly IPAddress First = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Second = IPAddress.Parse("192.0.2.2");
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;
    private readonly List<string> _warnings = [];
    private readonly ManualTime _time = new();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("joe@shop.example", "far.example", "mx.far.example", 0)]
    [InlineData("Joe@Shop.Example", "far.example", "mx.big.example", 0)]
    [InlineData("ann@x.example", "far.example", "MX.big.example", 1)]
    [InlineData("ann@x.example", "Sub.Far.example", "mx.far.example", 2)]
    [InlineData("", "else.example", "192.0.2.9", 3)]
    [InlineData("a@x@shop.example", "else.example", "192.0.2.9", 0)]
    [InlineData("shop.example", "else.example", "192.0.2.9", 3)] // It has no domain.
    public void The_first_line_that_fits_counts(
        string sender, string host, string server, int place)
    {
        SourceRules rules = Read("@shop.example 192.0.2.1\nmx:.big.example 192.0.2.2\n"
            + ".far.example 192.0.2.3\n* 192.0.2.4 2001:db8::4\n");
        Assert.Empty(_warnings);
        Assert.Equal(place, Choice(rules, sender, host).Find(server)!.Place);
    }

    /// <summary>Mail of different lines does not share connections, whatever server serves it.
    /// </summary>
    [Fact]
    public void Keys_of_connections_tell_lines_apart()
    {
        SourceRules rules = Read("mx:mx.example 192.0.2.2\n@a.example 192.0.2.1\n");
        string a = Choice(rules, "x@a.example", "far.example").Key;
        string b = Choice(rules, "x@b.example", "far.example").Key;
        Assert.NotEqual(a, b);
        Assert.Equal(a, Choice(rules, "y@A.example", "near.example").Key);
        Assert.Equal("", Choice(SourceRules.None, "x@a.example", "far.example").Key);
    }

    [Fact]
    public void A_rested_address_comes_last_and_for_its_destination_only()
    {
        SourceRules rules = Read("* 192.0.2.1 192.0.2.2 2001:db8::1\n");
        SourceRests rests = new(_time);
        SourceChoice choice = Choice(rules, "s@x", "far.example");
        SourceRule rule = choice.Find("mx.far.example")!;
        IPAddress best = Order("far")[0];
        IPAddress other = best.Equals(First) ? Second : First;
        Assert.Equal([best, other], Order("far"));
        rests.Rest("far", best, TimeSpan.FromSeconds(100));
        Assert.Equal([other, best], Order("far"));
        Assert.Equal([best, other], Order("near"));
        rests.Rest("far", other, TimeSpan.FromSeconds(200));
        Assert.Equal([best, other], Order("far")); // It is rested for a shorter time.
        AttemptServer server = new("mx.far.example", "192.0.2.9", "", default)
        {
            Source = best,
            Destination = "far",
        };
        Assert.False(choice.HasOther(server, AddressFamily.InterNetwork, rests));
        _time.Advance(TimeSpan.FromSeconds(101));
        Assert.True(choice.HasOther(server, AddressFamily.InterNetwork, rests));
        rests.RestEverywhere(best);
        Assert.Equal([other, best], Order("near"));
        rests.NoteUsable(best);
        Assert.Equal([best, other], Order("near"));

        IReadOnlyList<IPAddress> Order(string destination) => choice.Order(
            rule, AddressFamily.InterNetwork, destination, rests);
    }

    [Fact]
    public void What_is_remembered_has_a_bound()
    {
        SourceRests rests = new(_time);
        for (int i = 0; i < 30_000; i++)
        {
            rests.Rest($"d{i}", First, TimeSpan.FromSeconds(1000 + i));
        }

        Assert.NotEqual(0, rests.Until("d29999", First));
        Assert.Equal(0, rests.Until("d0", First));
    }

    [Theory]
    [InlineData("far.example 192.0.2", "192.0.2")]
    [InlineData("far.example 192.0.2.1 0.0.0.0", "0.0.0.0")]
    [InlineData("far.example [192.0.2.1]", "[192.0.2.1]")]
    [InlineData("far.example host.example", "host.example")]
    public void A_line_without_sound_addresses_makes_its_mail_wait(string line, string word)
    {
        SourceRules rules = Read($"{line}\n* 192.0.2.1\n");
        Assert.Contains(word, Assert.Single(rules.Faults), StringComparison.Ordinal);
        Assert.NotNull(Choice(rules, "s@x", "far.example").Fault);
        Assert.Null(Choice(rules, "s@x", "near.example").Fault);
    }

    /// <summary>Whether its server gets this mail is not known before there is one.</summary>
    [Fact]
    public void A_line_for_a_server_without_sound_addresses_makes_no_other_mail_wait()
    {
        SourceRules rules = Read("mx:mx.far.example 192.0.2\n* 192.0.2.1\n");
        SourceChoice choice = Choice(rules, "s@x", "far.example");
        Assert.Null(choice.Fault);
        Assert.NotNull(choice.Find("MX.far.example")!.Fault);
        Assert.Null(choice.Find("mx.near.example")!.Fault);
    }

    [Theory, InlineData("0.0.0.0", 0), InlineData("192.0.2.1", 1), InlineData("", 0)]
    public void Outgoingip_leaves_the_other_family_and_may_leave_all_to_the_system(
        string address, int lines)
    {
        File.WriteAllText(Path.Combine(_directory, "outgoingip"), address + "\n");
        SourceRules rules = Read("");
        Assert.Empty(rules.Faults);
        Assert.Equal(lines, rules.All.Count);
        Assert.All(rules.All, rule => Assert.True(rule.LeavesFamilies));
        Assert.False(Assert.Single(Read("* 192.0.2.1\n").All.Take(1)).LeavesFamilies);
    }

    /// <summary>Each sender has its own of the pool, and a rested one serves nobody.</summary>
    [Fact]
    public void An_idle_connection_is_for_mail_that_its_address_is_chosen_for()
    {
        SourceRules rules = Read("mx:odd.example 192.0.2.9\n* 192.0.2.1 192.0.2.2\n");
        SourceRests rests = new(_time);
        string[] senders = [.. Enumerable.Range(0, 20).Select(i => $"s{i}@x")];
        string[] first = [.. senders.Where(sender => Fits(sender, First))];
        Assert.InRange(first.Length, 1, senders.Length - 1);
        Assert.Equal(senders.Except(first), senders.Where(sender => Fits(sender, Second)));
        Assert.All(senders, sender => Assert.True(Fits(sender, null)));
        Assert.All(senders, sender => Assert.False(Fits(sender, IPAddress.Parse("192.0.2.9"))));
        rests.Rest("far", First, TimeSpan.FromSeconds(100));
        Assert.All(senders, sender => Assert.True(Fits(sender, Second)));
        Assert.All(senders, sender => Assert.False(Fits(sender, First)));

        bool Fits(string sender, IPAddress? source)
        {
            using ScriptStream server = new(1, "");
            using SmtpConnection peer = new(server, () => false, TimeSpan.FromSeconds(1));
            SmtpLink link = new(peer, First, "key", DateTimeOffset.UnixEpoch)
            {
                Host = "mx.far.example",
                Source = source,
                Destination = "far",
            };
            return Choice(rules, sender, "far.example").Fits(link, rests);
        }
    }

    [Theory]
    [InlineData("far.example")]
    [InlineData("mx: 192.0.2.1")]
    [InlineData("joe@ 192.0.2.1")]
    [InlineData("a*b 192.0.2.1")]
    public void A_line_without_a_pattern_is_ignored_with_a_warning(string line)
    {
        Assert.Empty(Read($"{line}\n").All);
        Assert.Contains("line 1", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    private static SourceChoice Choice(SourceRules rules, string sender, string host) => new(
        rules, System.Text.Encoding.ASCII.GetBytes(sender),
        System.Text.Encoding.ASCII.GetBytes(host));

    private SourceRules Read(string text)
    {
        File.WriteAllText(Path.Combine(_directory, "sourceaddresses"), text);
        return SourceRules.Read(new ControlDirectory(_directory, _warnings.Add));
    }
}

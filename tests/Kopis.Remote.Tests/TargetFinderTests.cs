using System.Text;
using Kopis.Net.Dns;

namespace Kopis.Remote.Tests;

/// <summary>Where mail goes by what DNS says, with this host among the exchangers.</summary>
public sealed class TargetFinderTests
{
    private const string Us = "127.0.0.1";

    [Fact]
    public async Task A_better_exchanger_without_an_answer_is_no_reason_to_bounce()
    {
        RemoteTarget target = await Find(
            [new(10, "first"), new(20, "us")], new() { ["first"] = null, ["us"] = [Us] });
        Assert.Equal('Z', target.Problem!.Letter);
        Assert.Contains("4.1.2", Encoding.ASCII.GetString(target.Problem.Text));
    }

    [Fact]
    public async Task Where_no_better_one_can_come_mail_loops()
    {
        RemoteTarget target = await Find(
            [new(10, "us"), new(20, "second")], new() { ["second"] = null, ["us"] = [Us] });
        Assert.Equal('D', target.Problem!.Letter);
        target = await Find([new(10, "gone"), new(20, "us")], new() { ["us"] = [Us] });
        Assert.Equal('D', target.Problem!.Letter);
    }

    [Fact]
    public async Task What_would_not_be_tried_is_not_asked_for()
    {
        string[] thirty = [.. Enumerable.Range(1, 30).Select(i => $"203.0.113.{i}")];
        MailExchanger[] exchangers =
            [new(10, "many"), .. Enumerable.Range(11, 80).Select(i => new MailExchanger(i, "z"))];
        MailDnsTable dns = new(exchangers, new() { ["many"] = thirty, ["z"] = null });
        RemoteTarget target = await new TargetFinder(dns).FindAsync("d"u8.ToArray(), null, default);
        Assert.Equal(30, target.Hosts.Count);
        Assert.Equal(["many"], dns.Asked);
        dns = new([new(10, "a"), new(20, "us"), new(30, "z")],
            new() { ["a"] = ["203.0.113.1"], ["us"] = [Us], ["z"] = null });
        target = await new TargetFinder(dns).FindAsync("d"u8.ToArray(), null, default);
        Assert.Equal(["203.0.113.1"], target.Hosts.Select(one => $"{one.EndPoint.Address}"));
        Assert.Equal(["a", "us"], dns.Asked);
    }

    [Fact]
    public void A_domain_of_other_letters_is_as_certificates_have_it()
    {
        Assert.Equal("xn--mnchen-3ya.example", TargetFinder.NameOf("münchen.example"u8.ToArray()));
        Assert.Equal("d.example", TargetFinder.NameOf("d.example"u8.ToArray()));
    }

    [Fact]
    public void Families_are_in_turn()
    {
        string[] addresses =
            ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "::ffff:192.0.2.4"];
        Assert.Equal(
            ["192.0.2.1", "2001:db8::1", "192.0.2.2", "192.0.2.3", "::ffff:192.0.2.4"],
            TargetFinder.InTurn([.. addresses.Select(System.Net.IPAddress.Parse)])
                .Select(one => one.ToString()));
    }

    private static Task<RemoteTarget> Find(
        MailExchanger[] exchangers, Dictionary<string, string[]?> addresses) =>
        new TargetFinder(new MailDnsTable(exchangers, addresses))
            .FindAsync("d"u8.ToArray(), null, default);
}

using Kopis.Config.Maps;

namespace Kopis.Config.Tests;

public sealed class SmtpRoutesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("a.example", "relay.example 25")]
    [InlineData("b.example", "1.2.3.4 2525")]
    [InlineData("x.c.example", "[::1] 26")]
    [InlineData("d.example", "")]
    [InlineData("e.example", "all.example 25")]
    public void A_domain_has_its_relay(string domain, string relay)
    {
        SmtpRoute? route = Read(
            "a.example:relay.example\nB.example:1.2.3.4:2525\n.c.example:[::1]:26\n"
            + "d.example:\n:all.example\n").Find(System.Text.Encoding.ASCII.GetBytes(domain));
        Assert.Equal(relay, route is null ? "" : $"{route.Relay} {route.Port}");
    }

    [Theory]
    [InlineData("a.example:one,two", "one 25 two 25")]
    [InlineData("a.example:one:587,[::1]:588,192.0.2.1:589", "one 587 [::1] 588 192.0.2.1 589")]
    [InlineData("a.example:one:465,two:465", "one 465 two 465")]
    public void Several_relays_are_in_order(string line, string relays)
    {
        SmtpRoute route = Read(line + "\n").Find("a.example"u8)!;
        Assert.Null(route.Fault);
        Assert.Equal(
            relays, string.Join(' ', route.All.Select(one => $"{one.Relay} {one.Port}")));
    }

    [Theory]
    [InlineData("bad.example:one,")]
    [InlineData("bad.example:,one")]
    [InlineData("bad.example:one:465,two:25")]
    [InlineData("bad.example:one:25,two")]
    [InlineData("bad.example:1,2,3,4,5,6,7,8,9")]
    [InlineData("bad.example:relay:z")]
    [InlineData("bad.example:relay:0")]
    [InlineData("bad.example:relay:65536")]
    [InlineData("bad.example:relay:")]
    [InlineData("bad.example:relay: 25")]
    [InlineData("bad.example:[::1")]
    [InlineData("bad.example:::1")]
    [InlineData("bad.example::26")]
    public void A_bad_line_harms_its_own_domain_alone(string line)
    {
        SmtpRoutes routes = Read($"good.example:relay\n{line}\n:other\n");
        Assert.Contains(
            "bad.example:", routes.Find("bad.example"u8)!.Fault, StringComparison.Ordinal);
        Assert.Single(routes.Faults);
        Assert.Null(routes.Find("good.example"u8)!.Fault);
        Assert.Null(routes.Find("third.example"u8)!.Fault);
    }

    private SmtpRoutes Read(string text)
    {
        File.WriteAllText(Path.Combine(_directory, "smtproutes"), text);
        return SmtpRoutes.Read(new ControlDirectory(_directory));
    }
}

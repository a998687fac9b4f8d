using System.Text;
using Kopis.Config.Maps;

namespace Kopis.Config.Tests;

public sealed class LmtpRoutesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("a.example", "/run/dovecot/lmtp  0")]
    [InlineData("B.example", " 1.2.3.4 24")]
    [InlineData("x.c.example", " [::1] 2424")]
    [InlineData("in.c.example", "")]
    [InlineData("c.example", "")]
    [InlineData("other.example", "")]
    public void A_domain_has_its_server(string domain, string place)
    {
        LmtpRoutes routes = Read(
            "a.example:/run/dovecot/lmtp\nb.example:1.2.3.4:24\n.c.example:[::1]:2424\n"
            + "in.c.example:\n");
        SmtpRoute? route = routes.Find(Encoding.ASCII.GetBytes(domain));
        Assert.Equal(
            place, route is null ? "" : $"{route.SocketPath} {route.Relay} {route.Port}");
        Assert.True(route is null or { IsLmtp: true, Fault: null });
        Assert.Empty(routes.Faults);
    }

    [Theory]
    [InlineData("bad.example:relay")]
    [InlineData("bad.example:relay:")]
    [InlineData("bad.example:relay:0")]
    [InlineData("bad.example:relay:65536")]
    [InlineData("bad.example:relay:24 x")]
    [InlineData("bad.example: /run/lmtp")]
    [InlineData("bad.example:/run/a b")]
    [InlineData("bad.example:/run/\u0001")]
    [InlineData("bad.example:run/lmtp")]
    [InlineData("bad.example::24")]
    [InlineData("bad.example:[]:24")]
    [InlineData("bad.example:[::1]")]
    [InlineData("bad.example:::1:24")]
    [InlineData("bad.example:a|b:24")]
    [InlineData("bad.example")]
    public void A_bad_line_harms_its_own_domain_alone(string line)
    {
        LmtpRoutes routes = Read($"good.example:/run/lmtp\n{line}\n");
        Assert.Contains(
            "lmtproutes: line 2: ", routes.Find("bad.example"u8)!.Fault, StringComparison.Ordinal);
        Assert.Single(routes.Faults);
        Assert.Null(routes.Find("good.example"u8)!.Fault);
        Assert.Null(routes.Find("third.example"u8));
    }

    [Fact]
    public void A_path_is_as_long_as_a_socket_address_has_room()
    {
        string path = "/" + new string('p', 106);
        Assert.Equal(path, Read($"a:{path}\n").Find("a"u8)!.SocketPath);
        Assert.NotNull(Read($"a:{path}p\n").Find("a"u8)!.Fault);
    }

    [Fact]
    public void There_is_no_route_for_all_mail()
    {
        LmtpRoutes routes = Read(":/run/lmtp\n");
        Assert.Null(routes.Find("a.example"u8));
        Assert.Single(routes.Faults);
    }

    private LmtpRoutes Read(string text)
    {
        File.WriteAllText(Path.Combine(_directory, "lmtproutes"), text, Encoding.Latin1);
        return LmtpRoutes.Read(new ControlDirectory(_directory));
    }
}

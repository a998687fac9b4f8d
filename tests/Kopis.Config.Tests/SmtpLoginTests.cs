using System.Text;
using Kopis.Base;
using Kopis.Config.Maps;

namespace Kopis.Config.Tests;

/// <summary>Routes with logins: the forms of qmail's patches, whose secrets no message shows.
/// </summary>
public sealed class SmtpLoginTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("kopis-").FullName;

    public SmtpLoginTests()
    {
        Directory.CreateDirectory(Path.Combine(_home, "control"));
        Directory.CreateDirectory(
            Path.Combine(_home, "auth"),
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Theory]
    [InlineData(":r:587|u|p", "r 587 u p")]
    [InlineData(":r|u|p", "r 25 u p")]
    [InlineData(":[::1]:587|u|p", "[::1] 587 u p")]
    [InlineData(":r:587 u p", "r 587 u p")]
    [InlineData(":r:587 u p|q r", "r 587 u p|q r")] // The password is all that follows.
    [InlineData(":r:587\tu \t p", "r 587 u p")]
    [InlineData(":r:587|u|p q", "r 587 u p q")]
    [InlineData(":r:465|u|p", "r 465 tls u p")]
    [InlineData(":r:465|u|p|starttls", "r 465 u p")]
    [InlineData(":r:2465|u|p|tls", "r 2465 tls u p")]
    [InlineData(":r|u|p|tls", "r 465 tls u p")]
    [InlineData(":r:465", "r 465 tls")]
    [InlineData(":r:26|||tls", "r 26 tls")]
    [InlineData(":r:26|", "r 26")]
    [InlineData(":r:587|u|p|unverified", "r 587 u p Encrypted")]
    [InlineData(":r:587|u|p|plaintext|login", "r 587 u p PlainText LOGIN")]
    [InlineData(":r:587|u|p|name=mx.r", "r 587 name=mx.r u p")]
    [InlineData(":r:587|u||token=t", "r 587 u token=t")]
    [InlineData(":r:587|u||token=t|xoauth2", "r 587 u token=t XOAUTH2")]
    [InlineData(":", "")]
    public void A_route_with_a_login(string line, string expected)
    {
        SmtpRoutes routes = Read(line + "\n");
        Assert.Equal(expected, Show(routes.Find("a.example"u8)));
        Assert.Empty(routes.Faults);
    }

    [Theory]
    [InlineData(":r:587|u")]
    [InlineData(":r:587|u|")]
    [InlineData(":r:587||hidden")]
    [InlineData(":r:587|||plaintext")]
    [InlineData(":r:587|u|hidden|what")]
    [InlineData(":r:587|u|hidden|")]
    [InlineData(":r:587|u|hidden|tls|starttls")]
    [InlineData(":r:587|u|hidden|plain|login")]
    [InlineData(":r:587|u|hidden|unverified|plaintext")]
    [InlineData(":r:587|u|hidden|xoauth2")]
    [InlineData(":r:587|u|hidden|token=t")]
    [InlineData(":r:587|u||token=../t")]
    [InlineData(":r:587|u||token=.t")]
    [InlineData(":r:587|u||token=t|plain")]
    [InlineData(":r:587|u|hidden|name=a b")]
    [InlineData(":r:587|u|hidden|name=")]
    [InlineData(":r:587|u\u0001|hidden")]
    [InlineData(":r:587 hidden")]
    [InlineData(":r:0|u|hidden")]
    [InlineData(":|u|hidden")]
    [InlineData(":r;587|u|hidden")]
    [InlineData(":r:1|u|hidden|plain|unverified|tls|name=a|name=b|x|x|x|x|x")]
    [InlineData("x|u|hidden")]
    public void A_bad_line_delays_its_own_mail_and_is_not_shown(string line)
    {
        SmtpRoutes routes = Read($"good.example:r|u|p\n{line}\n");
        string fault = Assert.Single(routes.Faults);
        Assert.StartsWith("auth/smtproutes: line 2: ", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", fault, StringComparison.Ordinal);
        SmtpRoute? route = routes.Find(line[0] == 'x' ? "x"u8 : "a.example"u8);
        Assert.DoesNotContain("hidden", route!.Fault!, StringComparison.Ordinal);
        Assert.Null(routes.Find("good.example"u8)!.Fault);
    }

    [Fact]
    public void A_line_here_counts_before_the_same_in_control()
    {
        Write("control/smtproutes", "a.example:open\n.example:suffix\n:all\n");
        SmtpRoutes routes = Read("A.example:shut|u|p\n:rest|u|p\n");
        Assert.Equal("shut 25 u p", Show(routes.Find("a.EXAMPLE"u8)));
        Assert.Equal("suffix 25", Show(routes.Find("b.example"u8)));
        Assert.Equal("rest 25 u p", Show(routes.Find("c.test"u8)));
    }

    [Theory]
    [InlineData("a.example:r:587|u|hidden")]
    [InlineData("a.example:r:587 u hidden")]
    [InlineData("a.example:r:bad|u|hidden")]
    [InlineData("a.example:|u|hidden")]
    public void A_login_in_control_delays_its_mail_and_is_not_shown(string line)
    {
        Write("control/smtproutes", $"good.example:r\n{line}\n");
        SmtpRoutes routes = Read("");
        string fault = Assert.Single(routes.Faults);
        Assert.Contains("auth/smtproutes", fault, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", fault, StringComparison.Ordinal);
        Assert.Equal(fault, routes.Find("a.example"u8)!.Fault);
        Assert.Null(routes.Find("good.example"u8)!.Fault);
    }

    [Theory]
    [InlineData("a@b.example", "all 25 one p")]
    [InlineData("A@B.Example", "all 25 one p")]
    [InlineData("c@b.example", "all 25 two p")]
    [InlineData("c@x.b.example", "three 26 three p")]
    [InlineData("c@y.x.b.example", "three 26 three p")]
    [InlineData("c@free.example", "all 25")]
    [InlineData("c@open.example", "open 25")]
    [InlineData("c@other.example", "rest 25 rest p")]
    [InlineData("", "rest 25 rest p")]
    public void A_sender_has_its_route(string sender, string expected)
    {
        AuthSenders senders = Senders(
            "a@b.example|one|p\n@b.example|two|p\n.b.example:three:26|three|p\n"
            + "@free.example:\n@open.example:open\n:rest|rest|p\n");
        Assert.Empty(senders.Faults);
        Assert.Equal(expected, Show(senders.Route(
            Bytes(sender), new SmtpRoute("all", 25), static () => true)));
    }

    /// <summary>Anybody may name a sender whose mail is only passed on here.</summary>
    [Theory]
    [InlineData("a@b.example", "rest")]
    [InlineData("x@b.example", "rest")]
    [InlineData("x@sub.b.example", "rest")]
    [InlineData("x@open.example", "open 25")]
    [InlineData("x@else.example", "rest")]
    [InlineData("", "rest")]
    public void Mail_of_others_gets_no_login_of_a_sender(string sender, string expected)
    {
        AuthSenders senders = Senders(
            "a@b.example|one|p\n@b.example|two|p\n.b.example:three:26|three|p\n"
            + "@open.example:open\n:rest|rest|p\n");
        SmtpRoute route = senders.Route(Bytes(sender), null, static () => false)!;
        Assert.StartsWith(expected, Show(route), StringComparison.Ordinal);
        Assert.Null(Senders("@b.example:r|u|p\n").Route(
            "a@b.example"u8, null, static () => false));
    }

    [Fact]
    public void Only_a_login_asks_whose_mail_it_is() => Assert.Equal("open", Senders(
        "@b.example:open\n:rest|rest|p\n").Route(
            "a@b.example"u8, null, static () => throw new InvalidOperationException())!.Relay);

    [Fact]
    public void A_login_without_a_relay_goes_to_no_mx() => Assert.Null(
        Senders("@b.example|u|p\n").Route("a@b.example"u8, null, static () => true));

    [Theory]
    [InlineData("@a.example|u")]
    [InlineData("@a.example|u|hidden|what")]
    [InlineData("@a.example:r:x|u|hidden")]
    [InlineData("@a.example|u|hidden|tls")] // Of which relay?
    [InlineData("@a.example")]
    public void A_bad_line_delays_its_own_senders(string line)
    {
        AuthSenders senders = Senders($"@b.example:r\n{line}\n");
        string fault = Assert.Single(senders.Faults);
        Assert.DoesNotContain("hidden", fault, StringComparison.Ordinal);
        SmtpRoute? route = senders.Route("x@a.example"u8, null, static () => true);
        Assert.Equal(line.Contains('|'), route?.Fault is not null);
        Assert.Null(senders.Route("x@b.example"u8, null, static () => true)!.Fault);
    }

    /// <summary>Then the first colon may be the password's.</summary>
    [Theory]
    [InlineData("r.example u hidden:w ord")]
    [InlineData("r.example\tu\thidden:x|y")]
    public void A_line_without_its_colon_shows_no_password(string line)
    {
        Write("control/smtproutes", line + "\n");
        string[] faults = [.. Read(line + "\n").Faults, .. Senders(line + "\n").Faults];
        Assert.Equal(3, faults.Length);
        Assert.All(faults, fault =>
        {
            Assert.Contains("\"r.example ...", fault, StringComparison.Ordinal);
            Assert.DoesNotContain("hidden", fault, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_file_that_others_may_read_is_not_used(UnixFileMode others)
    {
        Write("auth/smtproutes", ":r|u|p\n");
        File.SetUnixFileMode(
            Path.Combine(_home, "auth/smtproutes"), UnixFileMode.UserRead | others);
        ConfigurationException e = Assert.Throws<ConfigurationException>(() => Read(null));
        Assert.Equal("auth/smtproutes: other users have rights to it", e.Message);
    }

    [Fact]
    public void Neither_is_a_link_nor_a_directory_that_others_may_write_to()
    {
        Write("auth/other", ":r|u|p\n");
        File.CreateSymbolicLink(Path.Combine(_home, "auth/smtproutes"), "other");
        Assert.Throws<ConfigurationException>(() => Read(null));
        File.Delete(Path.Combine(_home, "auth/smtproutes"));
        Assert.Null(Read(null).Find("a"u8));
        File.SetUnixFileMode(
            Path.Combine(_home, "auth"), (UnixFileMode)0b111_000_010);
        Assert.Throws<ConfigurationException>(() => Read(null));
    }

    [Fact]
    public void Logins_differ_by_all_they_have()
    {
        string[] lines =
        [
            ":r|u|p", ":r|v|p", ":r|u|q", ":r|up|x", ":r|u|p|plain", ":r|u|p|unverified",
            ":r|u||token=p",
        ];
        Assert.Equal(
            lines.Length,
            lines.Select(line => Read(line).Find("a"u8)!.Login!.Key).Distinct().Count());
    }

    private static string Show(SmtpRoute? route) => route is null ? "" : string.Join(' ',
        ((string[])
        [
            route.Relay, $"{route.Port}", route.StartsInTls ? "tls" : "",
            route.CertificateName is { } name ? $"name={name}" : "",
            Encoding.Latin1.GetString(route.Login?.User ?? []),
            Encoding.Latin1.GetString(route.Login?.Password ?? []),
            route.Login?.TokenFile is { } file ? $"token={file}" : "",
            route.Login is { Trust: not LoginTrust.Verified } login ? $"{login.Trust}" : "",
            route.Login?.Mechanism ?? "",
        ]).Where(word => word.Length > 0));

    private SmtpRoutes Read(string? text)
    {
        if (text is not null)
        {
            Write("auth/smtproutes", text);
        }

        ControlDirectory control = new(Path.Combine(_home, "control"));
        return SmtpRoutes.Read(control, PrivateDirectory.Beside(control));
    }

    private AuthSenders Senders(string text)
    {
        Write("auth/authsenders", text);
        return AuthSenders.Read(new PrivateDirectory(Path.Combine(_home, "auth")));
    }

    private void Write(string name, string text)
    {
        string path = Path.Combine(_home, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);
}

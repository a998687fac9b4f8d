using Kopis.Base;
using Kopis.Config;
using Kopis.Host.Certificates;

namespace Kopis.Host.Tests.Certificates;

public sealed class SettingsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;

    public SettingsTests() => File.WriteAllText(Path.Combine(_directory, "me"), "MX.example\n");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Without_a_file_nobody_is_asked() =>
        Assert.Null(AcmeSettings.Read(new ControlDirectory(_directory)));

    [Fact]
    public void An_empty_file_is_Lets_Encrypt_for_me_without_agreement()
    {
        AcmeSettings settings = Read("");
        Assert.Equal(
            "https://acme-v02.api.letsencrypt.org/directory", settings.Directory.AbsoluteUri);
        Assert.False(settings.TermsAgreed);
        Assert.Equal(["mx.example"], settings.Names);
        Assert.Empty(settings.Contacts);
        Assert.Equal(ChallengeKind.Http, settings.Challenge);
        Assert.Equal(80, settings.Listen.Port);
        Assert.Null(settings.WebRoot);
    }

    [Fact]
    public void All_that_can_be_said()
    {
        AcmeSettings settings = Read("""
            # Ours.
            agree
            directory https://ca.example:8443/dir?x=1
            contact postmaster@example.org
            contact	root@example.org
            name MX.Example.org
            name  mail.example.org
            name mx.example.org

            challenge tls-alpn-01
            listen 127.0.0.1 8443
            """);
        Assert.Equal("https://ca.example:8443/dir?x=1", settings.Directory.AbsoluteUri);
        Assert.True(settings.TermsAgreed);
        Assert.Equal(
            ["mailto:postmaster@example.org", "mailto:root@example.org"], settings.Contacts);
        Assert.Equal(["mx.example.org", "mail.example.org"], settings.Names);
        Assert.Equal(ChallengeKind.TlsAlpn, settings.Challenge);
        Assert.Equal("127.0.0.1:8443", settings.Listen.ToString());
    }

    [Fact]
    public void Tls_is_answered_at_443() =>
        Assert.Equal(443, Read("challenge tls-alpn-01\n").Listen.Port);

    [Fact]
    public void A_webroot() => Assert.Equal("/srv/a b", Read("webroot /srv/a b\n").WebRoot);

    [Theory]
    [InlineData("agreed")]
    [InlineData("agree no")]
    [InlineData("directory")]
    [InlineData("directory http://ca.example/dir")]
    [InlineData("directory /dir")]
    [InlineData("directory https://user:secret@ca.example/dir")]
    [InlineData("contact")]
    [InlineData("contact postmaster")]
    [InlineData("contact a@b.example,c@d.example")]
    [InlineData("contact a@b.example?subject=x")]
    [InlineData("name")]
    [InlineData("name *.example.org")]
    [InlineData("name localhost")]
    [InlineData("name 192.0.2.1")]
    [InlineData("name -a.example")]
    [InlineData("name a..example")]
    [InlineData("name a_b.example")]
    [InlineData("name mail.example.org mx.example.org")]
    [InlineData("challenge dns-01")]
    [InlineData("challenge HTTP-01")]
    [InlineData("webroot srv")]
    [InlineData("webroot /srv\nchallenge tls-alpn-01")]
    [InlineData("listen 80")]
    [InlineData("listen 0 65536")]
    [InlineData("listen localhost 80")]
    [InlineData("key /etc/key")]
    public void What_is_not_understood_stops_us(string lines)
    {
        ConfigurationException error =
            Assert.Throws<ConfigurationException>(() => Read(lines + "\n"));
        Assert.Equal(111, error.Code);
        Assert.StartsWith(
            Path.Combine(_directory, "acme") + ": ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_has_at_most_a_hundred_names()
    {
        string[] lines = [.. Enumerable.Range(1, 101).Select(i => $"name m{i}.example\n")];
        Assert.Equal(100, Read(string.Concat(lines.Take(100))).Names.Count);
        Assert.Throws<ConfigurationException>(() => Read(string.Concat(lines)));
    }

    [Fact]
    public void A_host_without_a_dot_has_no_certificate()
    {
        File.WriteAllText(Path.Combine(_directory, "me"), "localhost\n");
        Assert.Contains(
            "me: ", Assert.Throws<ConfigurationException>(() => Read("agree\n")).Message,
            StringComparison.Ordinal);
        Assert.Equal(["a.example"], Read("name a.example\n").Names);
    }

    private AcmeSettings Read(string text)
    {
        File.WriteAllText(Path.Combine(_directory, "acme"), text);
        return AcmeSettings.Read(new ControlDirectory(_directory))!;
    }
}

using System.Text;
using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;

namespace Kopis.Config.Tests;

public sealed class RcptHostsTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("kopis-control");
    private readonly ControlDirectory _control;

    public RcptHostsTests() => _control = new ControlDirectory(_directory.FullName);

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("a@gcd.org", true)]
    [InlineData("a@GCD.Org", true)]
    [InlineData("a@x.gcd.org", true)]
    [InlineData("a@y.x.gcd.org", true)]
    [InlineData("a@xgcd.org", false)]
    [InlineData("a@gcd.org.evil.example", false)]
    [InlineData("a@gcd.org@evil.example", false)]
    [InlineData("a%gcd.org@evil.example", false)]
    [InlineData("a@evil.example@gcd.org", true)]
    [InlineData("a@sub.only.example", true)]
    [InlineData("a@only.example", false)]
    [InlineData("a@", false)]
    [InlineData("a@.", false)]
    [InlineData("local", true)]
    [InlineData("", true)]
    [InlineData("a@more.example", true)]
    [InlineData("a@x.more.example", false)]
    [InlineData("a@x.dotted.example", true)]
    public void Hosts_and_their_suffixes(string address, bool ours)
    {
        Write("rcpthosts", "gcd.org\n.gcd.org\n# only.example\n.Only.example\n");
        CdbWriter more = new();
        more.Add("more.example"u8, []);
        more.Add(".dotted.example"u8, []);
        File.WriteAllBytes(In("morercpthosts.cdb"), more.ToArray());
        Assert.Equal(ours, RcptHosts.Load(_control).Contains(Encoding.Latin1.GetBytes(address)));
    }

    [Fact]
    public void Without_rcpthosts_all_is_taken_and_the_cdb_is_not_asked()
    {
        File.WriteAllText(In("morercpthosts.cdb"), "not a cdb");
        RcptHosts open = RcptHosts.Load(_control);
        Assert.True(open.IsOpen);
        Assert.True(open.Contains("a@anywhere.example"u8));
    }

    [Theory] // Beside control lies "installed", which root writes.
    [InlineData(null, true)]
    [InlineData("", true)]
    [InlineData("0", true)]
    [InlineData("1", false)]
    public void An_installed_host_without_rcpthosts_is_open_only_where_that_is_asked_for(
        string? openRelay, bool isMissed)
    {
        List<string> said = [];
        DirectoryInfo control = _directory.CreateSubdirectory("control");
        File.WriteAllText(In("installed"), "");
        if (openRelay is not null)
        {
            Write("control/openrelay", openRelay + "\n");
        }

        ControlDirectory files = new(control.FullName, said.Add);
        RcptHosts.Load(files);
        RcptHosts hosts = RcptHosts.Load(files);
        Assert.Equal((!isMissed, isMissed), (hosts.IsOpen, hosts.IsMissed));
        Assert.Equal(!isMissed, hosts.Contains("a@anywhere.example"u8));
        Assert.True(hosts.Contains("local"u8));
        Assert.Equal(isMissed ? 1 : 0, said.Count);
        Write("control/rcpthosts", "anywhere.example\n");
        hosts = RcptHosts.Load(files);
        Assert.False(hosts.IsMissed);
        Assert.True(hosts.Contains("a@anywhere.example"u8));
        Assert.False(hosts.Contains("a@other.example"u8));
    }

    [Theory]
    [InlineData("yes")]
    [InlineData("-1")]
    public void Openrelay_that_is_no_number_opens_nothing(string content)
    {
        DirectoryInfo control = _directory.CreateSubdirectory("control");
        File.WriteAllText(In("installed"), "");
        Write("control/openrelay", content);
        Assert.Throws<ConfigurationException>(
            () => RcptHosts.Load(new ControlDirectory(control.FullName)));
    }

    [Fact]
    public void An_empty_list_takes_nothing()
    {
        Write("rcpthosts", "");
        Assert.False(RcptHosts.Load(_control).Contains("a@anywhere.example"u8));
    }

    [Fact]
    public void A_damaged_cdb_is_a_misconfiguration()
    {
        Write("rcpthosts", "a.example\n");
        File.WriteAllText(In("morercpthosts.cdb"), "not a cdb");
        Assert.Throws<ConfigurationException>(() => RcptHosts.Load(_control));
    }

    [Theory]
    [InlineData("bad@spam.example", true)]
    [InlineData("BAD@Spam.Example", true)]
    [InlineData("good@spam.example", false)]
    [InlineData("any@evil.example", true)]
    [InlineData("any@x.evil.example", false)]
    [InlineData("", false)]
    public void Badmailfrom_lists_addresses_and_hosts(string sender, bool bad)
    {
        Write("badmailfrom", "bad@spam.example\n@evil.example\n");
        Assert.Equal(bad, PatternList.Load(_control, SmtpFiles.BadMailFrom)
            .Find(Encoding.Latin1.GetBytes(sender)) is not null);
    }

    private string In(string name) => Path.Combine(_directory.FullName, name);

    private void Write(string name, string text) => File.WriteAllText(In(name), text);
}

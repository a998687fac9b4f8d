using Kopis.Base;
using Kopis.Config.Maps;

namespace Kopis.Config.Tests;

public sealed class AddressMapTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("kopis-map");

    public AddressMapTests()
    {
        Write("me", "mta.test");
        Write("locals", "mta.test", "Local.Test");
        Write("percenthack", "hack.test");
        Write("virtualdomains", "vd.test:joe-vd", ".sub.test:joe-sub", "exc.sub.test:",
            "u@whole.test:joe-w", "both@vd.test:special", "local.test:never");
    }

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory] // The routings verified in contract §14, and the order of §2.3.
    [InlineData("joe@mta.test", true, "joe@mta.test")]
    [InlineData("Joe@LOCAL.test", true, "Joe@LOCAL.test")]
    [InlineData("joe", true, "joe@mta.test")]
    [InlineData("x@vd.test", true, "joe-vd-x@vd.test")]
    [InlineData("X@VD.Test", true, "joe-vd-X@VD.Test")]
    [InlineData("both@vd.test", true, "special-both@vd.test")]
    [InlineData("y@a.sub.test", true, "joe-sub-y@a.sub.test")]
    [InlineData("y@a.b.sub.test", true, "joe-sub-y@a.b.sub.test")]
    [InlineData("y@sub.test", false, "y@sub.test")]
    [InlineData("z@exc.sub.test", false, "z@exc.sub.test")]
    [InlineData("u@whole.test", true, "joe-w-u@whole.test")]
    [InlineData("v@whole.test", false, "v@whole.test")]
    [InlineData("w%vd.test@hack.test", true, "joe-vd-w@vd.test")]
    [InlineData("w%x%vd.test@hack.test", true, "joe-vd-w%x@vd.test")]
    [InlineData("w%y@other.test", false, "w%y@other.test")]
    [InlineData("a@b@vd.test", true, "joe-vd-a@b@vd.test")]
    public void A_recipient_is_routed(string recipient, bool local, string address)
    {
        byte[] routed = Map().Route(ByteText.ToBytes(recipient), out bool isLocal);
        Assert.Equal((address, local), (ByteText.ToText(routed), isLocal));
    }

    [Theory]
    [InlineData("joe-vd-x@vd.test", "x@vd.test")]
    [InlineData("joe-sub-y@a.sub.test", "y@a.sub.test")]
    [InlineData("joe-w-u@whole.test", "joe-w-u@whole.test")]
    [InlineData("joe@mta.test", "joe@mta.test")]
    [InlineData("other@vd.test", "other@vd.test")]
    public void A_bounce_shows_the_address_without_what_a_domain_prepended(
        string address, string shown) => Assert.Equal(
            shown, ByteText.ToText(Map().WithoutPrepend(ByteText.ToBytes(address))));

    [Fact]
    public void The_empty_key_catches_all()
    {
        Write("virtualdomains", ":all", "keep.test:");
        AddressMap map = Map();
        Assert.Equal("all-x@any.test"u8.ToArray(), map.Route("x@any.test"u8, out _));
        Assert.Equal("x@keep.test"u8.ToArray(), map.Route("x@keep.test"u8, out bool isLocal));
        Assert.False(isLocal);
    }

    [Theory] // In locals or not, and before virtualdomains.
    [InlineData("mta.test")]
    [InlineData("vd.test")]
    [InlineData("elsewhere.test")]
    public void Addresses_of_SRS_go_to_the_remote_channel(string domain)
    {
        Write("srsdomain", domain);
        AddressMap map = Map();
        foreach (string local in (string[])["SRS0=HHHHHH=TT=a.test=joe", "srs1+x=y", "Srs0-z"])
        {
            byte[] address = ByteText.ToBytes($"{local}@{domain.ToUpperInvariant()}");
            Assert.Equal(address, map.Route(address, out bool isLocal));
            Assert.False(isLocal);
            Assert.True(map.IsSrs(address));
        }

        Assert.False(map.IsSrs("SRS0=x@other.test"u8));
        Assert.False(map.IsSrs("SRS0=x"u8));
        foreach (string local in (string[])["joe", "srs", "SRS0", "SRS0=", "SRS2=x", ""])
        {
            Assert.False(map.IsSrs(ByteText.ToBytes($"{local}@{domain}")));
        }

        map.Route(ByteText.ToBytes($"joe@{domain}"), out bool isJoeLocal);
        Assert.Equal(domain != "elsewhere.test", isJoeLocal);
    }

    [Fact]
    public void A_percent_within_an_address_of_SRS_is_a_part_of_it()
    {
        Write("srsdomain", "hack.test");
        AddressMap map = Map();
        byte[] address = "SRS0=HHHHHH=TT=a.test=x%b.test@hack.test"u8.ToArray();
        Assert.Equal(address, map.Route(address, out bool isLocal));
        Assert.False(isLocal);
        Assert.Equal("w@vd.test"u8, map.Route("w%vd.test@hack.test"u8, out _)[^9..]);
    }

    [Fact]
    public void Without_a_domain_of_SRS_there_are_no_such_addresses()
    {
        AddressMap map = Map();
        Assert.False(map.IsSrs("SRS0=x@mta.test"u8));
        map.Route("SRS0=x@mta.test"u8, out bool isLocal);
        Assert.True(isLocal);
        Write("srsdomain", "a b");
        Assert.Equal("srsdomain", map.TryReread(new ControlDirectory(_directory.FullName)));
    }

    [Fact]
    public void A_reread_changes_all_files()
    {
        AddressMap map = Map();
        Write("locals", "new.test");
        Write("percenthack", "hack.test");
        Assert.Null(map.TryReread(new ControlDirectory(_directory.FullName)));
        byte[] address = map.Route("a%new.test@hack.test"u8, out bool isLocal);
        Assert.Equal("a@new.test"u8.ToArray(), address);
        Assert.True(isLocal);
        map.Route("joe@mta.test"u8, out isLocal);
        Assert.False(isLocal);
    }

    [Theory]
    [InlineData("locals")]
    [InlineData("virtualdomains")]
    public void A_failed_reread_keeps_the_old_and_names_the_file(string file)
    {
        AddressMap map = Map();
        Write("locals", "other.test");
        File.Delete(Path.Combine(_directory.FullName, file));
        _directory.CreateSubdirectory(file);
        Assert.Equal(file, map.TryReread(new ControlDirectory(_directory.FullName)));
        map.Route("joe@mta.test"u8, out bool isLocal);
        Assert.True(isLocal);
    }

    [Theory]
    [InlineData("envnoathost", "")]
    [InlineData("virtualdomains", "a.test:")]
    public void What_would_make_addresses_too_long_for_a_spawner_stops_the_start(
        string file, string start)
    {
        Write(file, start + new string('x', 1001));
        Assert.Throws<ConfigurationException>(Map);
    }

    [Fact]
    public void Without_me_and_locals_nothing_starts()
    {
        foreach (string name in (string[])["me", "locals"])
        {
            File.Delete(Path.Combine(_directory.FullName, name));
        }

        ConfigurationException error = Assert.Throws<ConfigurationException>(Map);
        Assert.Contains("locals: missing, and so is me", error.Message, StringComparison.Ordinal);
        Write("locals", "mta.test");
        Map().Route("joe@mta.test"u8, out bool isLocal);
        Assert.True(isLocal);
    }

    [Fact]
    public void Locals_that_goes_while_me_is_missing_is_kept()
    {
        File.Delete(Path.Combine(_directory.FullName, "me"));
        Write("locals", "mta.test");
        AddressMap map = Map();
        File.Delete(Path.Combine(_directory.FullName, "locals"));
        Assert.Equal("locals", map.TryReread(new ControlDirectory(_directory.FullName)));
        map.Route("joe@mta.test"u8, out bool isLocal);
        Assert.True(isLocal);
    }

    private AddressMap Map() => AddressMap.Read(new ControlDirectory(_directory.FullName));

    private void Write(string name, params string[] lines) =>
        File.WriteAllLines(Path.Combine(_directory.FullName, name), lines);
}

using System.Net;
using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;

namespace Kopis.Config.Tests;

public sealed class NetworkListTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("192.0.2.0/24", "192.0.2.200", true)]
    [InlineData("2001:DB8::/32", "2001:db8:1::1", true)]
    [InlineData("2001:db8::/32", "2001:db9::1", false)]
    [InlineData("0.0.0.0/0", "198.51.100.1", true)]
    public void Who_is_in_it(string line, string address, bool isIn) =>
        Assert.Equal(isIn, Load(line).Contains(IPAddress.Parse(address)));

    /// <summary>inet_aton reads all of these: 10.0.0.1, 8.0.0.1, 0.0.0.8, 127.0.0.1.</summary>
    [Theory]
    [InlineData("10.1")]
    [InlineData("010.0.0.1")]
    [InlineData("010.0.0.0/8")]
    [InlineData("8")]
    [InlineData("0x7f.1")]
    [InlineData("10/8")]
    [InlineData("10.0.0.0/33")]
    [InlineData("host.example")]
    [InlineData("10.0.0.1 x")]
    public void What_is_no_address_is_not_taken_for_another(string line)
    {
        List<string> said = [];
        NetworkList list = Load($"# front\n192.0.2.1\n{line}\n2001:db8::/32", said.Add);
        Assert.Equal(
            $"{_directory}/proxyclients: line 3: \"{LogText.Safe(ByteText.ToBytes(line))}\" is not "
                + "an address or a network; ignored",
            Assert.Single(said));

        // Those of the other lines are who they are; whether others are meant nobody knows.
        Assert.True(list.ContainsSurely(IPAddress.Parse("192.0.2.1")));
        Assert.True(list.ContainsSurely(IPAddress.Parse("2001:db8::1")));
        foreach (string other in (string[])["10.0.0.1", "8.0.0.1", "0.0.0.8", "127.0.0.1"])
        {
            Assert.False(list.Contains(IPAddress.Parse(other)));
            ConfigurationException e = Assert.Throws<ConfigurationException>(
                () => list.ContainsSurely(IPAddress.Parse(other)));
            Assert.Contains("proxyclients: line 3: ", e.Message, StringComparison.Ordinal);
        }

        Assert.False(Load(line).IsEmpty);
    }

    [Fact]
    public void Of_many_wrong_lines_ten_are_named()
    {
        List<string> said = [];
        _ = Load(string.Concat(Enumerable.Range(1, 1000).Select(i => $"line {i}\n")), said.Add);
        Assert.Equal(11, said.Count);
        Assert.EndsWith("990 more lines are wrong", said[10], StringComparison.Ordinal);
    }

    private NetworkList Load(string text, Action<string>? warn = null)
    {
        File.WriteAllText(Path.Combine(_directory, "proxyclients"), text + "\n");
        return NetworkList.Load(new ControlDirectory(_directory, warn), ListenerFiles.ProxyClients);
    }
}

using System.Text;
using Kopis.Base;
using Kopis.Net.Listener;

namespace Kopis.Net.Tests;

public class TcpRulesTests
{
    [Theory] // Address rules, most specific first (contract §12.2); each row takes one rule away.
    [InlineData("joe@1.2.3.4", "joe@=h.example", "1.2.3.4", "=h.example", "1.2.3.", "1.2.", "1.",
        "=.example", "=", "")]
    public void The_first_key_in_order_decides(params string[] keys)
    {
        for (int first = 0; first < keys.Length; first++)
        {
            // Written backwards, so that the order in the file cannot be what decides.
            string text = string.Concat(keys[first..].Reverse().Select(key => key + ":deny\n"));
            Assert.Equal(keys[first], Text(Find(text, "1.2.3.4", "h.example", "joe")!.Key));
        }
    }

    [Fact]
    public void Lines_may_end_in_crlf() =>
        Assert.NotNull(Find("127.0.0.1:allow,RELAYCLIENT=\"\"\r\n:deny\r\n", "127.0.0.1"));

    [Fact]
    public void Without_host_or_info_their_keys_are_not_asked()
    {
        const string text = "=:deny\n=.example:deny\njoe@1.2.3.4:deny\n";
        Assert.Null(Find(text, "1.2.3.4"));
        Assert.NotNull(Find(text, "1.2.3.4", "h.example"));
    }

    [Theory]
    [InlineData("10.0.0.5-20:deny", "10.0.0.5", true)]
    [InlineData("10.0.0.5-20:deny", "10.0.0.20", true)]
    [InlineData("10.0.0.5-20:deny", "10.0.0.4", false)]
    [InlineData("10.0.0.5-20:deny", "10.0.0.21", false)]
    [InlineData("10.0.3-4.:deny", "10.0.4.9", true)]
    [InlineData("10.0.3-4.:deny", "10.0.5.9", false)]
    [InlineData("10.0.0.250-999:deny", "10.0.0.255", true)]
    [InlineData("10.0.0.9-5:deny", "10.0.0.7", false)]
    [InlineData("7-8.:deny", "8.1.1.1", true)]
    [InlineData("2001:db8::1:deny", "2001:db8::1", true)]
    [InlineData("2001:db8::deny", "2001:db8::77", true)]
    [InlineData("2001:db8:::deny", "2001:db8::77", true)]
    [InlineData("2001:db8:::deny", "2001:db9::77", false)]
    public void Ranges_and_prefixes(string text, string ip, bool denied) =>
        Assert.Equal(denied, Find(text + "\n", ip)?.Denies ?? false);

    [Theory]
    [InlineData("10.64.0.0/10:deny", "10.127.255.255", true)]
    [InlineData("10.64.0.0/10:deny", "10.128.0.0", false)]
    [InlineData("10.0.0.0/8:deny", "10.9.9.9", true)]
    [InlineData("10.0.0.0/8:deny", "100.9.9.9", false)]
    [InlineData("0.0.0.0/0:deny", "203.0.113.7", true)]
    [InlineData("0.0.0.0/0:deny", "2001:db8::1", false)]
    [InlineData("::/0:deny", "2001:db8::1", true)]
    [InlineData("::/0:deny", "192.0.2.1", false)]
    [InlineData("192.0.2.128/31:deny", "192.0.2.129", true)]
    [InlineData("192.0.2.128/31:deny", "192.0.2.130", false)]
    [InlineData("192.0.2.4/32:deny", "192.0.2.4", true)]
    [InlineData("2001:db8::/32:deny", "2001:db8:ffff::1", true)]
    [InlineData("2001:0DB8::/32:deny", "2001:db8::1", true)]
    [InlineData("2001:db8::/32:deny", "2001:db9::1", false)]
    [InlineData("2001:db8:0:8000::/49:deny", "2001:db8:0:ffff::", true)]
    [InlineData("2001:db8:0:8000::/49:deny", "2001:db8::1", false)]
    [InlineData("2001:db8::/128:deny", "2001:db8::", true)]
    [InlineData("10.64.0.0/10:deny", "no address", false)]
    [InlineData("10.64.0.0/10:deny", "::ffff:10.64.0.1", true)]
    public void Networks(string text, string ip, bool denied) =>
        Assert.Equal(denied, Find(text + "\n", ip)?.Denies ?? false);

    [Theory] // Each row takes the longest away.
    [InlineData("10.1.2.3", "10.1.2.3", "10.1.2.2/31", "10.1.2.", "10.1.2.0/23", "10.1.",
        "10.0.0.0/9", "10.", "0.0.0.0/1", "0.0.0.0/0", "")]
    [InlineData("2001:db8:0:1::7", "2001:db8:0:1::7", "2001:db8:0:1::6/127", "2001:db8:0:1::",
        "2001:db8:0:1:", "2001:db8:0:1::/64", "2001:db8:0:", "2001:db8::/33", "2001:db8:",
        "2001:db8::/32", "2001:", "2000::/3", "::/0", "")]
    [InlineData("fe80::1:2", "fe80::1:2/127", "fe80::1:", "fe80::1:0/112", "fe80::", "fe80::/96",
        "fe80:", "fe80::/10")]
    public void The_longest_prefix_or_network_decides(string ip, params string[] keys)
    {
        for (int first = 0; first < keys.Length; first++)
        {
            string text = string.Concat(keys[first..].Reverse().Select(key => key + ":deny\n"));
            Assert.Equal(keys[first], Text(Find(text, ip)!.Key));
        }
    }

    [Theory] // Who knows no networks understands those that qmail's prefixes can say.
    [InlineData("10.0.0.0/8", "10.")]
    [InlineData("10.1.0.0/16", "10.1.")]
    [InlineData("10.1.2.0/24", "10.1.2.")]
    [InlineData("10.1.2.3/32", "10.1.2.3")]
    [InlineData("10.1.2.0/25", "10.1.2.0/25")]
    [InlineData("2001:DB8:0:0::/32", "2001:db8::/32")]
    [InlineData("2001:db8::1/128", "2001:db8::1")]
    public void Keys_of_networks(string written, string key)
    {
        TcpRulesCompiler compiler = new();
        Assert.True(compiler.TryAdd(Encoding.Latin1.GetBytes(written + ":deny")));
        Assert.Equal(key, Text(Assert.Single(Cdb.Records(compiler.ToArray())).Key.ToArray()));
    }

    [Fact]
    public void The_articles_file()
    {
        const string text = """
            # who may relay
            127.0.0.1:allow,RELAYCLIENT=""
            192.168.1.:allow,RELAYCLIENT="@x",DATABYTES=/1000/

            192.168.1.5:deny  
            no rule here
            :allow
            """;
        TcpRule local = Find(text, "127.0.0.1")!;
        Assert.False(local.Denies);
        (string Name, byte[] Value) only = Assert.Single(local.Variables);
        Assert.Equal(("RELAYCLIENT", ""), (only.Name, Text(only.Value)));

        ByteEnvironment environment = new();
        Find(text, "192.168.1.9")!.ApplyTo(environment);
        Assert.Equal("@x", environment.Text("RELAYCLIENT"));
        Assert.Equal("1000", environment.Text("DATABYTES"));
        Assert.True(Find(text, "192.168.1.5")!.Denies);
        Assert.Empty(Find(text, "8.8.8.8")!.Variables);
    }

    [Fact]
    public void The_first_of_duplicates_counts()
    {
        Assert.True(Find("1.1.1.1:deny\n1.1.1.1:allow\n", "1.1.1.1")!.Denies);
        Assert.False(Find("1.1.1.1:allow\n1.1.1.1:deny\n", "1.1.1.1")!.Denies);
    }

    [Theory]
    [InlineData("1.2.3.4:")]
    [InlineData("1.2.3.4:refuse")]
    [InlineData("1.2.3.4:allow RELAYCLIENT=\"\"")]
    [InlineData("1.2.3.4:allow,RELAYCLIENT")]
    [InlineData("1.2.3.4:allow,RELAYCLIENT=")]
    [InlineData("1.2.3.4:allow,RELAYCLIENT=\"x")]
    [InlineData("1.2.3.4:allow,RELAYCLIENT=\"x\"y")]
    [InlineData("1.2.3.x-9:deny")]
    [InlineData("1.2.3.1-y:deny")]
    [InlineData("1.2.3.99999999999-4:deny")]
    [InlineData("10.0.0.1/8:deny")]
    [InlineData("010.0.0.0/8:deny")]
    [InlineData("10.1/32:deny")]
    [InlineData("10.0.0.0/33:deny")]
    [InlineData("2001:db8::/129:deny")]
    [InlineData("::ffff:10.0.0.0/104:deny")]
    [InlineData("10.0.0.0/:deny")]
    [InlineData("10.0-3.0.0/16:deny")]
    [InlineData("joe@10.0.0.0/8:deny")]
    public void What_cannot_be_understood_is_refused(string line) =>
        Assert.False(new TcpRulesCompiler().TryAdd(Encoding.Latin1.GetBytes(line)));

    private static TcpRule? Find(string text, string ip, string? host = null, string? info = null)
    {
        TcpRulesCompiler compiler = new();
        foreach (string line in text.Split('\n'))
        {
            Assert.True(compiler.TryAdd(Encoding.Latin1.GetBytes(line)), line);
        }

        return new TcpRules(compiler.ToArray()).Find(Bytes(ip)!, Bytes(host), Bytes(info));
    }

    private static byte[]? Bytes(string? text) =>
        text is null ? null : Encoding.Latin1.GetBytes(text);

    private static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);
}

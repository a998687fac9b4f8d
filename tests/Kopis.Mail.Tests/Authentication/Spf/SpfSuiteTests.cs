using System.Net;
using Kopis.Mail.Authentication.Spf;
using YamlDotNet.RepresentationModel;

namespace Kopis.Mail.Tests.Authentication.Spf;

/// <summary>The test suite of RFC 7208, as it was published (vectors/).</summary>
public class SpfSuiteTests
{
    private const int Cases = 203;

    private static readonly Lazy<Dictionary<string, (YamlMappingNode Case, YamlMappingNode Zone)>>
        Suite = new(Load);

    public static TheoryData<string> Names => [.. Suite.Value.Keys];

    [Fact]
    public void The_suite_is_whole() => Assert.Equal(Cases, Suite.Value.Count);

    [Theory, MemberData(nameof(Names))]
    public async Task Rfc7208(string name)
    {
        (YamlMappingNode one, YamlMappingNode zone) = Suite.Value[name];
        string helo = Text(one["helo"]);
        string sender = Text(one["mailfrom"]);
        SpfRequest request = SpfRequest.OfMailFrom(
            IPAddress.Parse(Text(one["host"])),
            System.Text.Encoding.Latin1.GetBytes(sender),
            System.Text.Encoding.Latin1.GetBytes(helo));
        TestDns dns = Zone(zone);
        SpfCheck check = await SpfChecker.CheckAsync(dns, request, default);
        string[] wanted = [.. Texts(one["result"])];
        Assert.True(
            wanted.Contains(check.Result.ToString().ToLowerInvariant()),
            $"{check.Result} ({check.Reason}), not {string.Join("/", wanted)}");
        if (one.Children.TryGetValue("explanation", out YamlNode? explanation))
        {
            Assert.Equal(Text(explanation), check.Explanation ?? "DEFAULT");
        }
    }

    private static Dictionary<string, (YamlMappingNode, YamlMappingNode)> Load()
    {
        using StreamReader text = new(Path.Combine(
            AppContext.BaseDirectory, "Authentication/Spf/vectors/rfc7208-tests.yml"));
        YamlStream yaml = [];
        yaml.Load(text);
        Dictionary<string, (YamlMappingNode, YamlMappingNode)> suite = [];
        foreach (YamlMappingNode root in yaml.Documents
            .Select(one => (YamlMappingNode)one.RootNode))
        {
            foreach ((YamlNode name, YamlNode one) in (YamlMappingNode)root["tests"])
            {
                suite.Add(
                    $"{Text(root["description"])}: {Text(name)}",
                    ((YamlMappingNode)one, (YamlMappingNode)root["zonedata"]));
            }
        }

        return suite;
    }

    /// <summary>TXT records are those of SPF too, unless a name has TXT records of its own (the
    /// suite's rules).</summary>
    private static TestDns Zone(YamlMappingNode zone)
    {
        TestDns dns = new();
        foreach ((YamlNode key, YamlNode entries) in zone)
        {
            string name = Text(key);
            bool hasText = false;
            List<string> spf = [];
            foreach (YamlNode entry in (YamlSequenceNode)entries)
            {
                if (entry is YamlScalarNode)
                {
                    // TIMEOUT: for what stands behind it, which is all that is asked for.
                    dns.Silent(name, hasText ? "none" : "");
                    if (hasText && !dns.Has("TXT", name))
                    {
                        dns.Silent(name, "TXT");
                    }

                    continue;
                }

                (YamlNode type, YamlNode value) = ((YamlMappingNode)entry).Single();
                string record = Text(type) == "MX"
                    ? Texts(value).Last() : string.Concat(Texts(value));
                switch (Text(type))
                {
                    case "SPF":
                        spf.Add(record);
                        break;
                    case "TXT" when record == "NONE":
                        hasText = true;
                        break;
                    case "TXT":
                        hasText = true;
                        dns.Add("TXT", name, record);
                        break;
                    case "PTR":
                        dns.Add("PTR", AddressOf(name), record);
                        break;
                    default:
                        dns.Add(Text(type), name, record);
                        break;
                }
            }

            dns.Add("name", name);
            if (!hasText && spf.Count > 0)
            {
                dns.Add("TXT", name, [.. spf]);
            }
        }

        return dns;
    }

    private static string AddressOf(string arpa)
    {
        string[] labels = arpa.Split('.');
        if (labels is [.., "in-addr", "arpa"])
        {
            return string.Join('.', labels[..4].Reverse());
        }

        string digits = string.Concat(labels[..32].Reverse());
        return new IPAddress(Convert.FromHexString(digits)).ToString();
    }

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value ?? "";

    private static IEnumerable<string> Texts(YamlNode node) =>
        node is YamlSequenceNode list ? list.Select(Text) : [Text(node)];
}

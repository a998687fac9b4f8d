using System.Net;
using Kopis.Net.Dkim;
using Kopis.Net.Dns;

namespace Kopis.Net.Tests.Dkim;

public class DkimPublicationTests
{
    private static readonly DkimKeyFile Key = DkimKeyFile.NewEd25519("a.example", "s");
    private static readonly DkimKeyFile Other = DkimKeyFile.NewEd25519("a.example", "s");

    public static TheoryData<DkimPublication, DnsStatus, string[]> Answers => new()
    {
        { DkimPublication.Published, DnsStatus.Found, [Key.Record] },
        { DkimPublication.Published, DnsStatus.Found, [Key.Record.Replace("; ", ";") + ";t=s;"] },
        { DkimPublication.Different, DnsStatus.Found, [Other.Record] },
        { DkimPublication.Different, DnsStatus.Found, [Key.Record, Other.Record] },
        { DkimPublication.Different, DnsStatus.Found, [Key.Record[..^2]] },
        { DkimPublication.Different, DnsStatus.Found, [Key.Record.Replace("ed25519", "rsa")] },
        { DkimPublication.Different, DnsStatus.Found, [Key.Record + "; h=sha1"] },
        { DkimPublication.Different, DnsStatus.Found, ["v=DKIM1; k=ed25519; p="] },
        { DkimPublication.Missing, DnsStatus.Found, [] },
        { DkimPublication.Missing, DnsStatus.NoSuchName, [] },
        { DkimPublication.Unknown, DnsStatus.TryAgain, [] },
    };

    [Theory, MemberData(nameof(Answers))]
    public async Task What_dns_has_is_compared(
        DkimPublication expected, DnsStatus status, string[] records)
    {
        Texts dns = new(new DnsAnswer<string>(status, records));
        Assert.Equal(expected, await new DkimPublicationCheck(dns).RunAsync(Key, default));
        Assert.Equal("s._domainkey.a.example", dns.Asked);
    }

    private sealed class Texts(DnsAnswer<string> answer) : IMailDns
    {
        internal string Asked { get; private set; } = "";

        public Task<DnsAnswer<string>> FindTextsAsync(string name, CancellationToken stop)
        {
            Asked = name;
            return Task.FromResult(answer);
        }

        public Task<DnsAnswer<MailExchanger>> FindExchangersAsync(
            string domain, CancellationToken stop) => throw new NotSupportedException();

        public Task<DnsAnswer<IPAddress>> FindAddressesAsync(
            string host, CancellationToken stop) => throw new NotSupportedException();

        public Task<DnsAnswer<IPAddress>> FindIPv4Async(string host, CancellationToken stop) =>
            throw new NotSupportedException();

        public Task<DnsAnswer<IPAddress>> FindIPv6Async(string host, CancellationToken stop) =>
            throw new NotSupportedException();

        public Task<DnsAnswer<string>> FindNamesAsync(IPAddress address, CancellationToken stop) =>
            throw new NotSupportedException();
    }
}

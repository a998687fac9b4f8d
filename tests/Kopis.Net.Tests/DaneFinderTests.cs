using Kopis.Net.Dns;
using Listed = (Kopis.Mail.Transport.TlsaRecord[] Records, Kopis.Net.Dns.DnsStatus Status,
    bool IsSecure);
using Named = (string Name, Kopis.Net.Dns.DnsStatus Status, bool IsSecure);
using TlsaRecord = Kopis.Mail.Transport.TlsaRecord;

namespace Kopis.Net.Tests;

public sealed class DaneFinderTests
{
    private static readonly TlsaRecord Good = new(3, 1, 1, new byte[32]);
    private static readonly TlsaRecord Useless = new(1, 1, 1, new byte[32]);

    private readonly Table _dns = new();

    [Fact]
    public async Task Signed_records_of_a_signed_host()
    {
        _dns.Canonical["mx.a"] = ("mx.a", DnsStatus.Found, true);
        _dns.Tlsa["_25._tcp.mx.a"] = ([Good, Useless], DnsStatus.Found, true);
        DaneAnswer answer = await Find("mx.a");
        Assert.Equal(
            (DaneState.Usable, "mx.a", 2), (answer.State, answer.Base, answer.Records.Count));
    }

    [Fact]
    public async Task Records_of_no_use_are_told_apart_from_none()
    {
        _dns.Canonical["mx.a"] = ("mx.a", DnsStatus.Found, true);
        _dns.Tlsa["_25._tcp.mx.a"] = ([Useless], DnsStatus.Found, true);
        Assert.Equal(DaneState.Unusable, (await Find("mx.a")).State);
        _dns.Tlsa["_25._tcp.mx.a"] = ([], DnsStatus.Found, true);
        Assert.Equal(DaneState.Absent, (await Find("mx.a")).State);
        _dns.Tlsa["_25._tcp.mx.a"] = ([Good], DnsStatus.Found, false);
        Assert.Equal(DaneState.Absent, (await Find("mx.a")).State);
    }

    /// <summary>Bogus is no answer: it must not become none.</summary>
    [Fact]
    public async Task No_answer_is_unknown()
    {
        _dns.Canonical["mx.a"] = ("mx.a", DnsStatus.Found, true);
        _dns.Tlsa["_25._tcp.mx.a"] = ([], DnsStatus.TryAgain, false);
        Assert.Equal(DaneState.Unknown, (await Find("mx.a")).State);
        _dns.Canonical["mx.a"] = ("", DnsStatus.TryAgain, false);
        Assert.Equal(DaneState.Unknown, (await Find("mx.a")).State);
    }

    /// <summary>RFC 7672 §2.2.2: servers of such zones may not answer.</summary>
    [Fact]
    public async Task Of_a_host_without_signatures_nothing_is_asked()
    {
        _dns.Canonical["mx.a"] = ("mx.a", DnsStatus.Found, false);
        _dns.Tlsa["_25._tcp.mx.a"] = ([Good], DnsStatus.TryAgain, true);
        Assert.Equal(DaneState.Absent, (await Find("mx.a")).State);
        Assert.Empty(_dns.Asked);
    }

    [Fact]
    public async Task A_signed_alias_leads_to_records_there_else_here()
    {
        _dns.Canonical["mx.a"] = ("host.b", DnsStatus.Found, true);
        _dns.Tlsa["_25._tcp.mx.a"] = ([Good], DnsStatus.Found, true);
        _dns.Tlsa["_25._tcp.host.b"] = ([Good], DnsStatus.Found, true);
        Assert.Equal("host.b", (await Find("mx.a")).Base);
        _dns.Tlsa.Remove("_25._tcp.host.b");
        Assert.Equal("mx.a", (await Find("mx.a")).Base);
        _dns.Tlsa["_25._tcp.host.b"] = ([], DnsStatus.TryAgain, false);
        Assert.Equal(DaneState.Unknown, (await Find("mx.a")).State);
    }

    /// <summary>A signed CNAME into a zone without signatures (RFC 7672 §2.2.2).</summary>
    [Fact]
    public async Task A_signed_alias_into_a_zone_without_signatures_counts_itself()
    {
        _dns.Canonical["mx.a"] = ("host.b", DnsStatus.Found, false);
        _dns.Tlsa["_25._tcp.mx.a"] = ([Good], DnsStatus.Found, true);
        _dns.Tlsa["_25._tcp.host.b"] = ([Good], DnsStatus.Found, true);
        _dns.Alias["mx.a"] = ("host.b", DnsStatus.Found, true);
        DaneAnswer answer = await Find("mx.a");
        Assert.Equal((DaneState.Usable, "mx.a"), (answer.State, answer.Base));
        Assert.DoesNotContain("_25._tcp.host.b", _dns.Asked);
        _dns.Alias["mx.a"] = ("host.b", DnsStatus.Found, false);
        Assert.Equal(DaneState.Absent, (await Find("mx.a")).State);
        _dns.Alias["mx.a"] = ("", DnsStatus.TryAgain, false);
        Assert.Equal(DaneState.Unknown, (await Find("mx.a")).State);
    }

    [Fact]
    public async Task No_such_host_has_none() =>
        Assert.Equal(DaneState.Absent, (await Find("nobody")).State);

    private Task<DaneAnswer> Find(string host) => DaneFinder.FindAsync(_dns, host, 25, default);

    private sealed class Table : ISignedDns
    {
        internal Dictionary<string, Named> Canonical { get; } = [];

        internal Dictionary<string, Named> Alias { get; } = [];

        internal Dictionary<string, Listed> Tlsa { get; } = [];

        internal List<string> Asked { get; } = [];

        public ValueTask<bool> IsValidatingAsync(CancellationToken stop) => new(true);

        public Task<DnsAnswer<string>> FindCanonicalAsync(string host, CancellationToken stop) =>
            Task.FromResult(NameIn(Canonical, host));

        public Task<DnsAnswer<string>> FindAliasAsync(string host, CancellationToken stop) =>
            Task.FromResult(NameIn(Alias, host));

        public Task<DnsAnswer<TlsaRecord>> FindTlsaAsync(string name, CancellationToken stop)
        {
            Asked.Add(name);
            return Task.FromResult(Tlsa.TryGetValue(name, out var one)
                ? new DnsAnswer<TlsaRecord>(one.Status, one.Records) { IsSecure = one.IsSecure }
                : new DnsAnswer<TlsaRecord>(DnsStatus.NoSuchName, []) { IsSecure = true });
        }

        private static DnsAnswer<string> NameIn(
            Dictionary<string, Named> names, string name) =>
            names.TryGetValue(name, out Named one)
                ? new DnsAnswer<string>(one.Status, one.Name.Length == 0 ? [] : [one.Name])
                {
                    IsSecure = one.IsSecure,
                }
                : new DnsAnswer<string>(DnsStatus.NoSuchName, []);
    }
}

using System.Net;
using DnsClient;
using DnsClient.Protocol;
using Kopis.Base;
using Kopis.Control;

namespace Kopis.Net;

/// <summary>
/// DNS through the resolvers of <c>control/resolvers</c>, else of /etc/resolv.conf; for the network
/// tools DNSCACHEIP goes before both. Answers are kept for their time to live, an hour at most.
/// </summary>
public sealed class MailDns : IMailDns
{
    private const int RecordsMax = 100; // A domain with 10,000 MX records gets no more of us.
    private const int DnsPort = 53;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TimeoutHurried = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KeepMost = TimeSpan.FromHours(1);
    private static readonly TimeSpan KeepFailures = TimeSpan.FromSeconds(10);

    private readonly LookupClient _client;

    private MailDns(IEnumerable<NameServer> servers, bool hurried = false) =>
        _client = new LookupClient(new LookupClientOptions([.. servers])
        {
            Timeout = hurried ? TimeoutHurried : Timeout,
            Retries = hurried ? 1 : 2,
            UseCache = !hurried,
            MaximumCacheTimeout = KeepMost,
            CacheFailedResults = true,
            FailedResultsCacheDuration = KeepFailures,
            ThrowDnsErrors = false,
        });

    /// <summary>Reads who to ask.</summary>
    /// <exception cref="ConfigurationException">A line of control/resolvers is no address.
    /// </exception>
    public static MailDns Read(ControlDirectory control) => new(ServersIn(control));

    /// <summary>Reads whom a network tool asks: DNSCACHEIP names addresses, as in ucspi-tcp.
    /// </summary>
    /// <exception cref="ConfigurationException">One of them is no address.</exception>
    public static MailDns Read(ProgramContext context) => new(ServersOf(context));

    /// <summary>
    /// The same for what a client waits on, and who asks keeps: an answer has two seconds, the
    /// question is put twice, and nothing is kept here.
    /// </summary>
    /// <exception cref="ConfigurationException">One of them is no address.</exception>
    public static MailDns ReadHurried(ProgramContext context) =>
        new(ServersOf(context), hurried: true);

    private static List<NameServer> ServersIn(ControlDirectory control)
    {
        List<NameServer> servers = [];
        foreach (byte[] line in control.ReadList("resolvers") ?? [])
        {
            servers.Add(Parse(ByteText.ToText(line)) is { } place
                ? new NameServer(place)
                : throw control.Bad("resolvers", $"\"{LogText.Safe(line)}\" is not IP or IP:port"));
        }

        return servers.Count > 0 ? servers : FromSystem();
    }

    private static List<NameServer> ServersOf(ProgramContext context)
    {
        char[] apart = [' ', '\t', '\n', ','];
        string[] words = context.Environment.Text("DNSCACHEIP")?.Split(
            apart, StringSplitOptions.RemoveEmptyEntries) ?? [];
        return words.Length == 0
            ? ServersIn(ControlDirectory.Of(context))
            : [.. words.Select(word => Parse(word) is { } place
                ? new NameServer(place)
                : throw new ConfigurationException("$DNSCACHEIP is no list of addresses"))];
    }

    /// <inheritdoc/>
    public async Task<DnsAnswer<MailExchanger>> FindExchangersAsync(
        string domain, CancellationToken stop)
    {
        (DnsStatus status, IDnsQueryResponse? answer) =
            await AskAsync(domain, QueryType.MX, stop);
        IEnumerable<MailExchanger> records = answer?.Answers.OfType<MxRecord>()
            .Select(mx => new MailExchanger(mx.Preference, WithoutDot(mx.Exchange)))
            .OrderBy(mx => mx.Preference).Take(RecordsMax) ?? [];
        return new DnsAnswer<MailExchanger>(status, [.. records]);
    }

    /// <inheritdoc/>
    public async Task<DnsAnswer<IPAddress>> FindAddressesAsync(
        string host, CancellationToken stop)
    {
        Task<(DnsStatus, IDnsQueryResponse?)> four = AskAsync(host, QueryType.A, stop);
        Task<(DnsStatus, IDnsQueryResponse?)> six = AskAsync(host, QueryType.AAAA, stop);
        (DnsStatus status, IDnsQueryResponse? answer) = await four;
        (DnsStatus status6, IDnsQueryResponse? answer6) = await six;
        List<IPAddress> addresses =
        [
            .. Addresses(answer).Concat(Addresses(answer6)).Take(RecordsMax),
        ];
        DnsStatus both = addresses.Count > 0 ? DnsStatus.Found
            : status == DnsStatus.TryAgain || status6 == DnsStatus.TryAgain ? DnsStatus.TryAgain
            : status;
        return new DnsAnswer<IPAddress>(both, addresses);
    }

    /// <inheritdoc/>
    public async Task<DnsAnswer<IPAddress>> FindIPv4Async(string host, CancellationToken stop)
    {
        (DnsStatus status, IDnsQueryResponse? answer) = await AskAsync(host, QueryType.A, stop);
        return new DnsAnswer<IPAddress>(status, [.. Addresses(answer).Take(RecordsMax)]);
    }

    /// <inheritdoc/>
    public async Task<DnsAnswer<string>> FindTextsAsync(string name, CancellationToken stop)
    {
        (DnsStatus status, IDnsQueryResponse? answer) = await AskAsync(name, QueryType.TXT, stop);
        IEnumerable<string> texts = answer?.Answers.OfType<TxtRecord>()
            .Select(record => string.Concat(record.Text)).Take(RecordsMax) ?? [];
        return new DnsAnswer<string>(status, [.. texts]);
    }

    /// <inheritdoc/>
    public async Task<DnsAnswer<string>> FindNamesAsync(IPAddress address, CancellationToken stop)
    {
        (DnsStatus status, IDnsQueryResponse? answer) =
            await AskAsync(address.GetArpaName(), QueryType.PTR, stop);
        IEnumerable<string> names = answer?.Answers.OfType<PtrRecord>()
            .Select(record => WithoutDot(record.PtrDomainName))
            .Where(name => name.Length > 0).Take(RecordsMax) ?? [];
        return new DnsAnswer<string>(status, [.. names]);
    }

    private static IEnumerable<IPAddress> Addresses(IDnsQueryResponse? answer) =>
        answer?.Answers.OfType<AddressRecord>().Select(record => record.Address) ?? [];

    private async Task<(DnsStatus, IDnsQueryResponse?)> AskAsync(
        string name, QueryType type, CancellationToken stop)
    {
        try
        {
            IDnsQueryResponse answer =
                await _client.QueryAsync(name, type, cancellationToken: stop);
            return answer.Header.ResponseCode switch
            {
                DnsHeaderResponseCode.NoError => (DnsStatus.Found, answer),
                DnsHeaderResponseCode.NotExistentDomain => (DnsStatus.NoSuchName, null),
                _ => (DnsStatus.TryAgain, null),
            };
        }
        catch (ArgumentException)
        {
            return (DnsStatus.NoSuchName, null); // No name that DNS could hold.
        }
        catch (Exception) when (!stop.IsCancellationRequested)
        {
            // Whatever a resolver's bytes make the library throw: its parser has exceptions of
            // many kinds, and none of them is a reason to bounce mail.
            return (DnsStatus.TryAgain, null);
        }
    }

    private static string WithoutDot(DnsString name) => name.Value.TrimEnd('.');

    private static IPEndPoint? Parse(string text) =>
        IPAddress.TryParse(text, out IPAddress? address) ? new IPEndPoint(address, DnsPort)
        : text.Contains(':') && IPEndPoint.TryParse(text, out IPEndPoint? place) ? place
        : null;

    private static List<NameServer> FromSystem()
    {
        const string file = "/etc/resolv.conf";
        List<NameServer> servers = [];
        foreach (string line in File.Exists(file) ? File.ReadLines(file) : [])
        {
            string[] words = line.Split(
                (char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words is ["nameserver", string text, ..]
                && IPAddress.TryParse(text, out IPAddress? address))
            {
                servers.Add(new NameServer(address));
            }
        }

        return servers.Count > 0 ? servers : [new NameServer(IPAddress.Loopback)];
    }
}

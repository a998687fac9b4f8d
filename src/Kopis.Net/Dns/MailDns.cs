using System.Net;
using DnsClient;
using DnsClient.Protocol;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Net.Dns;

/// <summary>DNS through the resolvers of <c>control/resolvers</c>, or those of /etc/resolv.conf.
/// For network tools DNSCACHEIP comes before both. Resolvers are asked in order, silent ones last.
/// Answers are cached for their time to live, but an hour at most, and within a limit of bytes.
/// </summary>
public sealed class MailDns : IMailDns
{
    private const int RecordsMax = 100; // The most records of one answer that are used.
    private const int DnsPort = 53;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TimeoutHurried = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KeepFailures = TimeSpan.FromSeconds(10);
    private const int Tries = 3; // Two with EDNS, one without: the time of a question.
    private const int TriesHurried = 2;

    /// <summary>Resolvers at loopback addresses that pass on the AD bit of a resolver elsewhere,
    /// from a network where anybody may set it: Docker's forwarder, and systemd-resolved's proxy.
    /// </summary>
    private static readonly IPAddress[] PassesOn =
        [new([127, 0, 0, 11]), new([127, 0, 0, 54])];

    private const int AliasesMax = 10; // BIND follows 16, others 8.
    private const int PlainMessageBytes = 512; // This size means that OPT is not sent.

    private readonly KeptLookups _client;
    private readonly KeptLookups _plain;
    private readonly KeptLookups _stream;
    private readonly bool _isHurried;
    private readonly TimeSpan _timeout; // For one answer.
    private readonly TimeSpan _questionTime;
    private readonly SignedDns? _signed;
    private volatile bool _isSilentToEdns;

    private enum Trouble
    {
        None,
        Refused,
        Silence,
        Garbled,
    }

    private MailDns(
        IReadOnlyList<NameServer> servers, bool hurried = false, SignedDns? signed = null)
    {
        _signed = signed;
        _isHurried = hurried;
        _timeout = hurried ? TimeoutHurried : Timeout;
        _questionTime = _timeout * (hurried ? TriesHurried : Tries);
        ResolverOrder order = signed?.Order ?? new ResolverOrder(servers, TimeProvider.System);
        LookupClientOptions options = new([.. servers])
        {
            Timeout = _timeout,
            Retries = servers.Count > 1 ? 0 : 1, // The next one is asked instead.
            UseCache = false,
            ThrowDnsErrors = false,
        };
        AnswerCache? cache = hurried ? null : new AnswerCache(TimeProvider.System);
        _client = new KeptLookups(options, order, cache, 'e', KeepFailures);
        options.Retries = 0;
        options.ExtendedDnsBufferSize = PlainMessageBytes;
        _plain = new KeptLookups(options, order, cache, 'p', KeepFailures);
        options.UseTcpOnly = true;
        _stream = new KeptLookups(options, order, cache, 's', KeepFailures);
    }

    /// <summary>DNS for DANE; null if there is no resolver that may be trusted to verify
    /// signatures.</summary>
    public ISignedDns? Signed => _signed;

    /// <summary>Lines of control/resolvers that are not addresses; the others are used.</summary>
    public IReadOnlyList<string> Faults { get; private init; } = [];

    /// <summary>Reads which resolvers to ask.</summary>
    /// <exception cref="ConfigurationException">No line of control/resolvers is an address.
    /// </exception>
    public static MailDns Read(ControlDirectory control)
    {
        List<string> faults = [];
        return new MailDns(ServersIn(control, faults)) { Faults = faults };
    }

    /// <summary>The same with signatures (DNSSEC), if all resolvers are on this host and verify
    /// them.</summary>
    /// <param name="control">Has control/resolvers.</param>
    /// <param name="log">Gets a line if they do not verify signatures.</param>
    /// <exception cref="ConfigurationException">No line of control/resolvers is an address.
    /// </exception>
    public static MailDns ReadSigned(ControlDirectory control, Action<string> log)
    {
        List<string> faults = [];
        List<NameServer> servers = ServersIn(control, faults);
        bool isOurs = servers.TrueForAll(one =>
            IPAddress.TryParse(one.Address, out IPAddress? address) && IsOurs(address));
        SignedDns? signed = isOurs ? new SignedDns(servers, log, TimeProvider.System) : null;
        return new MailDns(servers, signed: signed) { Faults = faults };
    }

    /// <summary>Reads which resolvers a network tool asks: DNSCACHEIP has addresses, as in
    /// ucspi-tcp.</summary>
    /// <exception cref="ConfigurationException">An address is not valid.</exception>
    public static MailDns Read(ProgramContext context) => new(ServersOf(context));

    /// <summary>The same for questions that a client waits for, and whose answers the caller
    /// caches: an answer may take two seconds and a question four, and nothing is cached here.
    /// </summary>
    /// <exception cref="ConfigurationException">An address is not valid.</exception>
    public static MailDns ReadHurried(ProgramContext context) =>
        new(ServersOf(context), hurried: true);

    /// <summary>Whether the resolver at an address is this host's own, so that its AD bit can be
    /// trusted.</summary>
    internal static bool IsOurs(IPAddress address) =>
        IPAddress.IsLoopback(address) && !PassesOn.Contains(OwnAddresses.Plain(address));

    private static List<NameServer> ServersIn(ControlDirectory control, List<string> faults)
    {
        List<NameServer> servers = [];
        bool Read(byte[] line)
        {
            IPEndPoint? place = Parse(ByteText.ToText(line));
            if (place is not null)
            {
                servers.Add(new NameServer(place));
            }

            return place is not null;
        }

        IReadOnlyList<string> found =
            control.ReadLines(HostFiles.Resolvers, Read, "IP or IP:port") ?? [];
        faults.AddRange(found.Select(fault => $"{HostFiles.Resolvers}: {fault}"));
        return servers.Count > 0 ? servers
            : found.Count > 0 ? throw control.Bad(HostFiles.Resolvers, found)
            : FromSystem();
    }

    private static List<NameServer> ServersOf(ProgramContext context)
    {
        char[] apart = [' ', '\t', '\n', ','];
        string[] words = context.Environment.Text("DNSCACHEIP")?.Split(
            apart, StringSplitOptions.RemoveEmptyEntries) ?? [];
        return words.Length == 0
            ? ServersIn(ControlDirectory.Of(context), [])
            : [.. words.Select(word => Parse(word) is { } place
                ? new NameServer(place)
                : throw new ConfigurationException("$DNSCACHEIP is not a list of addresses"))];
    }

    /// <inheritdoc/>
    public async Task<DnsAnswer<MailExchanger>> FindExchangersAsync(
        string domain, CancellationToken stop)
    {
        DnsAsked asked = await AskAsync(domain, QueryType.MX, stop);
        (DnsStatus status, IDnsQueryResponse? answer) = asked;
        IEnumerable<MailExchanger> records = answer?.Answers.OfType<MxRecord>()
            .Select(mx => new MailExchanger(mx.Preference, WithoutDot(mx.Exchange)))
            .OrderBy(mx => mx.Preference).Take(RecordsMax) ?? [];
        return new DnsAnswer<MailExchanger>(status, [.. records], SecondsOf(answer))
        {
            IsSecure = asked.IsSecure,
        };
    }

    /// <inheritdoc/>
    public async Task<DnsAnswer<IPAddress>> FindAddressesAsync(
        string host, CancellationToken stop)
    {
        Task<DnsAsked> four = AskAsync(host, QueryType.A, stop);
        Task<DnsAsked> six = AskAsync(host, QueryType.AAAA, stop);
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
        return new DnsAnswer<IPAddress>(
            status, [.. Addresses(answer).Take(RecordsMax)], SecondsOf(answer));
    }

    /// <inheritdoc/>
    public async Task<DnsAnswer<IPAddress>> FindIPv6Async(string host, CancellationToken stop)
    {
        (DnsStatus status, IDnsQueryResponse? answer) =
            await AskAsync(host, QueryType.AAAA, stop);
        return new DnsAnswer<IPAddress>(
            status, [.. Addresses(answer).Take(RecordsMax)], SecondsOf(answer));
    }

    /// <inheritdoc/>
    public async Task<DnsAnswer<string>> FindTextsAsync(string name, CancellationToken stop)
    {
        (DnsStatus status, IDnsQueryResponse? answer) = await AskAsync(name, QueryType.TXT, stop);
        IEnumerable<string> texts = answer?.Answers.OfType<TxtRecord>()
            .Select(record => string.Concat(record.Text)).Take(RecordsMax) ?? [];
        return new DnsAnswer<string>(status, [.. texts], SecondsOf(answer));
    }

    /// <inheritdoc/>
    public async Task<DnsAnswer<string>> FindNamesAsync(IPAddress address, CancellationToken stop)
    {
        (DnsStatus status, IDnsQueryResponse? answer) =
            await AskAsync(address.GetArpaName(), QueryType.PTR, stop);
        IEnumerable<string> names = answer?.Answers.OfType<PtrRecord>()
            .Select(record => WithoutDot(record.PtrDomainName))
            .Where(name => name.Length > 0).Take(RecordsMax) ?? [];
        return new DnsAnswer<string>(status, [.. names], SecondsOf(answer));
    }

    private static int SecondsOf(IDnsQueryResponse? answer) =>
        answer is null || answer.Answers.Count == 0 ? 0
            : answer.Answers.Min(one => Math.Max(0, one.TimeToLive));

    private static IEnumerable<IPAddress> Addresses(IDnsQueryResponse? answer) =>
        answer?.Answers.OfType<AddressRecord>().Select(record => record.Address) ?? [];

    /// <summary>Asks, and follows aliases that the resolver has not followed.</summary>
    private async Task<DnsAsked> AskAsync(
        string name, QueryType type, CancellationToken stop)
    {
        // A resolver that verifies signatures is always asked for them, whatever else it lacks.
        // Otherwise its answer would count as unsigned.
        if (_signed is null)
        {
            return await AskUnsignedAsync(name, type, stop);
        }

        // Both run at the same time, so that a resolver which does not answer about its
        // verification holds up no mail.
        Task<bool?> probed = _signed.ProbedAsync(stop);
        Task<DnsAsked>? ahead =
            probed.IsCompleted ? null : AskUnsignedAsync(name, type, stop);
        return await probed switch
        {
            true => await _signed.AskAsync(name, type, stop),
            null when type == QueryType.MX =>
                new DnsAsked(DnsStatus.TryAgain, null, IsSecure: false),
            _ => await (ahead ?? AskUnsignedAsync(name, type, stop)),
        };
    }

    private async Task<DnsAsked> AskUnsignedAsync(
        string name, QueryType type, CancellationToken stop)
    {
        QuestionTime time = new(_questionTime);
        for (int aliases = 0; aliases <= AliasesMax; aliases++)
        {
            (DnsStatus status, IDnsQueryResponse? answer) =
                await AskOnceAsync(name, type, time, stop);
            if (answer is null || answer.Answers.Any(one => (int)one.RecordType == (int)type))
            {
                return new DnsAsked(status, answer, IsSecure: false);
            }

            string canonical = Canonical(name, answer, out bool isCircle);
            if (isCircle)
            {
                break;
            }

            if (canonical == name)
            {
                return new DnsAsked(status, answer, IsSecure: false);
            }

            name = canonical;
        }

        // The alias is a loop, which its owner may fix.
        return new DnsAsked(DnsStatus.TryAgain, null, IsSecure: false);
    }

    /// <summary>The name at the end of an answer's aliases; the name itself if it has none.
    /// </summary>
    private static string Canonical(string name, IDnsQueryResponse answer, out bool isCircle)
    {
        string at = WithoutDot(DnsString.Parse(name));
        isCircle = false;
        for (int aliases = 0; !isCircle; aliases++)
        {
            CNameRecord? next = answer.Answers.OfType<CNameRecord>().FirstOrDefault(one =>
                WithoutDot(one.DomainName).Equals(at, StringComparison.OrdinalIgnoreCase));
            if (next is null)
            {
                return aliases == 0 ? name : at;
            }

            at = WithoutDot(next.CanonicalName);
            isCircle = aliases >= AliasesMax;
        }

        return at;
    }

    /// <summary>Asks with EDNS and, if that gives no reliable answer, without it: some resolvers,
    /// and middleboxes before them, do not know OPT, and report that in various ways. TCP is used
    /// if the reply by UDP is not an answer, or answers another question.</summary>
    private async Task<(DnsStatus, IDnsQueryResponse?)> AskOnceAsync(
        string name, QueryType type, QuestionTime time, CancellationToken stop)
    {
        time.Kept = _isHurried ? TimeSpan.Zero : time.Left / 3; // An alias has less of both.
        bool hasTime = time.Left >= _timeout;
        (DnsStatus status, IDnsQueryResponse? answer, Trouble trouble) =
            await AskAsync(_isSilentToEdns ? _plain : _client, name, type, time, stop);
        time.Kept = TimeSpan.Zero;
        if (trouble == Trouble.None || (trouble == Trouble.Silence && _isHurried))
        {
            return (status, answer);
        }

        bool wasSilent = trouble == Trouble.Silence;
        (status, answer, trouble) =
            await AskAsync(_isSilentToEdns ? _client : _plain, name, type, time, stop);
        if (wasSilent && hasTime && trouble != Trouble.Silence)
        {
            _isSilentToEdns = !_isSilentToEdns; // So the next question need not wait.
        }

        if (trouble == Trouble.Garbled)
        {
            (status, answer, _) = await AskAsync(_stream, name, type, time, stop);
        }

        return (status, answer);
    }

    private static async Task<(DnsStatus Status, IDnsQueryResponse? Answer, Trouble Trouble)>
        AskAsync(
            KeptLookups client, string name, QueryType type, QuestionTime time,
            CancellationToken stop)
    {
        DnsQuestion question;
        try
        {
            question = new DnsQuestion(name, type);
        }
        catch (ArgumentException)
        {
            return (DnsStatus.NoSuchName, null, Trouble.None); // DNS cannot have such a name.
        }

        try
        {
            IDnsQueryResponse answer = await client.QueryAsync(question, time, stop);
            return !KeptLookups.IsAnswer(answer) ? (DnsStatus.TryAgain, null, Trouble.Refused)
                : answer.Header.ResponseCode == DnsHeaderResponseCode.NoError
                    ? (DnsStatus.Found, answer, Trouble.None)
                : (DnsStatus.NoSuchName, null, Trouble.None);
        }
        catch (Exception e)
        {
            // A resolver's bytes can make the library throw many kinds of exceptions. None of them
            // is a reason to bounce mail, nor to end the process if it comes while the caller is
            // leaving and nobody would catch it.
            stop.ThrowIfCancellationRequested();
            return (
                DnsStatus.TryAgain, null,
                e is TimeoutException ? Trouble.Silence : Trouble.Garbled);
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
        const int ResolvConfBytesMax = 1024 * 1024;
        List<NameServer> servers = [];
        foreach (string line in BoundedFile.Lines(file, ResolvConfBytesMax))
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

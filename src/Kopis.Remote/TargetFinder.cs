using System.Globalization;
using System.Net;
using System.Text;
using Kopis.Base;
using Kopis.Config.Maps;
using Kopis.Net.Dns;

namespace Kopis.Remote;

/// <summary>Finds the addresses for a host: route, literal, MX, A and AAAA (contract §8.2).
/// </summary>
/// <param name="dns">Answers DNS questions.</param>
/// <param name="own">Addresses that are ours although no interface has them, and addresses that are
/// not.</param>
/// <param name="usesMxps">Whether preferences of MX tell which hosts speak QMTP.</param>
/// <param name="interfaces">The addresses of this host's interfaces; null: the system is asked.
/// </param>
internal sealed class TargetFinder(
    IMailDns dns, OwnAddressLists? own = null, bool usesMxps = false,
    InterfaceAddresses? interfaces = null)
{
    private const int SmtpPort = 25;
    private const int QmtpPort = 209;
    private const int AddressesMax = 30; // Each may take a minute.

    private static readonly string SoftFailure =
        "Sorry, I couldn't find any host by that name. (#4.1.2)\n";

    /// <param name="host">The recipients' domain.</param>
    /// <param name="route">The route of its mail; null: the MX hosts.</param>
    /// <param name="stop">Ends the wait.</param>
    internal async Task<RemoteTarget> FindAsync(
        byte[] host, SmtpRoute? route, CancellationToken stop)
    {
        if (route is not null)
        {
            return await FindRelaysAsync(route, host, stop);
        }

        if (!TryReadName(host, out string name))
        {
            return RemoteTarget.None(NoSuchHost(host));
        }

        if (ParseLiteral(name) is { } literal)
        {
            return Ours().Contains(literal)
                ? RemoteTarget.None(LoopsBack())
                : new RemoteTarget(
                    [new RemoteHost(new IPEndPoint(OwnAddresses.Plain(literal), SmtpPort), "")],
                    null);
        }

        DnsAnswer<MailExchanger> answer = await dns.FindExchangersAsync(name, stop);
        if (answer.Status == DnsStatus.TryAgain)
        {
            return RemoteTarget.None(RemoteReport.Of('Z', SoftFailure));
        }

        if (answer.Records is [{ Host.Length: 0 }])
        {
            return RemoteTarget.None(RemoteReport.Of(
                'D', "Sorry, that host does not accept mail: it has a null MX. (#5.1.10)\n"));
        }

        IReadOnlyList<MailExchanger> exchangers = answer.Records.Count > 0
            ? answer.Records
            : [new MailExchanger(0, name)]; // For an MX host, also if the name does not exist.
        return await FindExchangersAsync(exchangers, host, answer, stop);
    }

    /// <summary><c>1.2.3.4</c>, <c>[1.2.3.4]</c> or <c>[IPv6:::1]</c>.</summary>
    internal static IPAddress? ParseLiteral(string host)
    {
        string inner = host is ['[', .., ']'] ? host[1..^1] : host;
        if (inner.StartsWith("IPv6:", StringComparison.OrdinalIgnoreCase))
        {
            inner = inner[5..];
        }

        // .NET also accepts 0x7f.1 and 0177.0.0.1. Here they are names, as in DNS.
        return IPAddress.TryParse(inner, out IPAddress? address)
            && (inner.Contains(':')
                || (inner.Count(c => c == '.') == 3
                    && inner.All(c => c is '.' || char.IsAsciiDigit(c))
                    && !inner.Split('.').Any(part => part is ['0', _, ..])))
            ? address : null;
    }

    /// <summary>A domain in the form that certificates use; a name that is not a domain is not
    /// changed.</summary>
    internal static string NameOf(byte[] host)
    {
        _ = TryReadName(host, out string name);
        return name;
    }

    /// <summary>The name in the form of DNS: UTF-8 (RFC 6531) becomes A-labels.</summary>
    private static bool TryReadName(byte[] host, out string name)
    {
        name = ByteText.ToText(host);
        if (Ascii.IsValid(host))
        {
            return true;
        }

        try
        {
            name = new IdnMapping().GetAscii(Encoding.UTF8.GetString(host));
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Addresses of both families in turn: if a host has both and one family does not
    /// work, that costs little.</summary>
    internal static IEnumerable<IPAddress> InTurn(IReadOnlyList<IPAddress> addresses) =>
        addresses.GroupBy(one => OwnAddresses.Plain(one).AddressFamily)
            .SelectMany((family, place) => family.Select((one, i) => (one, i, place)))
            .OrderBy(one => one.i).ThenBy(one => one.place).Select(one => one.one);

    /// <summary>The addresses of all relays of a route, those of the first relay first. If there
    /// are none, reports what is wrong with the first, or what may be different later.</summary>
    private async Task<RemoteTarget> FindRelaysAsync(
        SmtpRoute route, byte[] host, CancellationToken stop)
    {
        RemoteTarget target = await FindRelayAsync(route.Relay, route.Port, host, stop);
        foreach (SmtpRoute other in route.Others)
        {
            RemoteTarget next = await FindRelayAsync(other.Relay, other.Port, host, stop);
            target = next.Problem is { } problem
                ? target.Problem?.Letter == 'D' && problem.Letter == 'Z' ? next : target
                : new RemoteTarget([.. target.Hosts, .. next.Hosts], null);
        }

        return target with { Hosts = [.. target.Hosts.Take(AddressesMax)] };
    }

    private async Task<RemoteTarget> FindRelayAsync(
        string relay, int port, byte[] host, CancellationToken stop)
    {
        if (ParseLiteral(relay) is { } literal)
        {
            return new RemoteTarget(
                [new RemoteHost(new IPEndPoint(literal, port), "", IsRelay: true)], null);
        }

        DnsAnswer<IPAddress> answer = await dns.FindAddressesAsync(relay, stop);
        return answer.Records.Count > 0
            ? new RemoteTarget(
                [
                    .. InTurn(answer.Records).Select(
                        a => new RemoteHost(new IPEndPoint(a, port), relay, IsRelay: true)),
                ],
                null)
            : RemoteTarget.None(answer.Status switch
            {
                DnsStatus.TryAgain => RemoteReport.Of('Z', SoftFailure),
                DnsStatus.NoSuchName => NoSuchHost(host),
                _ => NoAddress(),
            });
    }

    private async Task<RemoteTarget> FindExchangersAsync(
        IReadOnlyList<MailExchanger> exchangers, byte[] host, DnsAnswer<MailExchanger> answered,
        CancellationToken stop)
    {
        OwnAddresses ours = Ours();
        List<(int Preference, IPAddress Address, string Name)> found = [];
        bool isMissing = answered.Status == DnsStatus.NoSuchName;
        int bestUnknown = int.MaxValue; // Its addresses may be found later.
        int bestOwn = int.MaxValue;
        foreach (IGrouping<int, MailExchanger> level in exchangers.GroupBy(mx => mx.Preference))
        {
            // MX hosts that come after ourselves, or after enough others, need not be looked up.
            if (bestOwn != int.MaxValue || found.Count >= AddressesMax)
            {
                break;
            }

            MailExchanger[] shuffled = [.. level];
            Random.Shared.Shuffle(shuffled);
            foreach (MailExchanger exchanger in shuffled)
            {
                DnsAnswer<IPAddress> answer = ParseLiteral(exchanger.Host) is { } literal
                    ? new DnsAnswer<IPAddress>(DnsStatus.Found, [literal])
                    : await dns.FindAddressesAsync(exchanger.Host, stop);
                if (answer.Status == DnsStatus.TryAgain)
                {
                    bestUnknown = Math.Min(bestUnknown, exchanger.Preference);
                }

                isMissing &= answer.Status == DnsStatus.NoSuchName;
                found.AddRange(InTurn(answer.Records).Select(
                    a => (exchanger.Preference, OwnAddresses.Plain(a), exchanger.Host)));
                if (answer.Records.Any(ours.Contains))
                {
                    bestOwn = Math.Min(bestOwn, exchanger.Preference);
                }
            }
        }

        // An MX that is not better than ourselves would only send the mail back.
        RemoteHost[] usable =
        [
            .. found.Where(f => f.Preference < bestOwn).Take(AddressesMax)
                .SelectMany(f => WaysTo(f.Preference, new RemoteHost(
                    new IPEndPoint(f.Address, SmtpPort), f.Name, IsSecure: answered.IsSecure)))
                .Take(AddressesMax),
        ];
        return usable.Length > 0
            ? new RemoteTarget(usable, null)
            : RemoteTarget.None(bestUnknown < bestOwn ? RemoteReport.Of('Z', SoftFailure)
                : found.Count > 0 ? LoopsBack()
                : isMissing ? NoSuchHost(host)
                : NoAddress());
    }

    private OwnAddresses Ours() => new(SmtpPort, own, interfaces?.Current());

    /// <summary>The host by SMTP, and before that by QMTP if the preference says so: 12801, 12817
    /// and so on to 13041 (cr.yp.to/proto/mxps.txt).</summary>
    private IEnumerable<RemoteHost> WaysTo(int preference, RemoteHost host) =>
        usesMxps && preference is >= 12_801 and <= 13_041 && preference % 16 == 1
            ? [host with { EndPoint = new(host.EndPoint.Address, QmtpPort), IsQmtp = true }, host]
            : [host];

    /// <summary>The report if the mail would only come back to us.</summary>
    internal static RemoteReport LoopsBack() => RemoteReport.Of(
        'D',
        "Sorry. Although I'm listed as a best-preference MX or A for that host,\n"
        + "it isn't in my control/locals file, so I don't treat it as local. (#5.4.6)\n");

    private static RemoteReport NoAddress() => RemoteReport.Of(
        'D', "Sorry, I couldn't find a mail exchanger or IP address. (#5.4.4)\n");

    private static RemoteReport NoSuchHost(byte[] host)
    {
        string safe = string.Concat(
            ByteText.ToText(host).Select(c => c is < (char)33 or > (char)126 ? '?' : c));
        return RemoteReport.Of('D', $"Sorry, I couldn't find any host named {safe}. (#5.1.2)\n");
    }
}

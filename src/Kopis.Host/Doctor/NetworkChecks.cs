using System.Net;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Host.Accounts;
using Kopis.Net.Dns;
using Kopis.Net.Sts;
using Kopis.Net.Tls;
using Kopis.Posix;

namespace Kopis.Host.Doctor;

/// <summary>Makes all checks that ask the network, at once, each with a time limit. Root has a
/// process of another user make them.</summary>
internal sealed class NetworkChecks
{
    /// <summary>The name of this piece of work (<see cref="OwnerPieces"/>).</summary>
    internal const string Piece = "doctor-network";

    private const string OkMark = "ok ";
    private const string EndMark = "end";
    private const string DomainAreas =
        "mx.missing spf.missing dkim.missing dmarc.missing sts.missing tlsrpt.missing";

    private const int DomainsMax = 100;
    private const int DomainsAtOnce = 32;
    private const int AddressesMax = 8;
    private const int ListsMax = 20;
    private const int SmtpPort = 25;
    private static readonly TimeSpan RunTime = TimeSpan.FromSeconds(24);
    private static readonly string[] AddressAreas =
        ["ptr.missing", "spf.here", "smtp.in", "list.listed"];

    private static readonly string[] UsualLists = ["zen.spamhaus.org", "bl.spamcop.net"];

    private readonly ControlDirectory _control;
    private readonly NetworkRequest _request;
    private readonly MailDns _dns;
    private readonly string _me;
    private readonly string _helo;
    private readonly OwnAddresses _own;

    private NetworkChecks(string home, NetworkRequest request)
    {
        _request = request;
        _control = new ControlDirectory(Path.Combine(home, "control"));
        _own = new OwnAddresses(SmtpPort, OwnAddressLists.Read(_control));
        _dns = MailDns.ReadHurried(new ProgramContext("kopis", [], new ByteEnvironment(), home));
        _me = TextOf(HostFiles.Me) ?? "localhost";
        _helo = TextOf(RemoteFiles.HeloHost) ?? _me;
    }

    /// <summary>Makes the checks in this process.</summary>
    /// <returns>A line for each finding (<see cref="DoctorResult"/>), the number of times that each
    /// check was ok, and an end mark.</returns>
    internal static string Run(string home, ReadOnlySpan<byte> request)
    {
        List<DoctorResult> all = new NetworkChecks(home, NetworkRequest.Parse(request))
            .RunAsync().GetAwaiter().GetResult();
        return string.Concat(all.Where(one => one.State != DoctorState.Ok)
                .Select(one => one.ToLine()))
            + string.Concat(all.Where(one => one.State == DoctorState.Ok)
                .CountBy(one => one.Check.Id)
                .Select(one => $"{OkMark}{one.Key} {one.Value}\n"))
            + EndMark + "\n";
    }

    /// <summary>Makes the checks; as root, in a process of <paramref name="user"/>.</summary>
    /// <param name="home">The home.</param>
    /// <param name="request">What to ask.</param>
    /// <param name="user">Null if this process itself may ask the network.</param>
    /// <param name="has">Which checks are counted.</param>
    /// <param name="ok">The number of them that were ok.</param>
    internal static List<DoctorResult> Run(
        string home, NetworkRequest request, ProcessIdentity? user,
        Predicate<DoctorCheck> has, out int ok)
    {
        ok = 0;
        string[] lines;
        try
        {
            lines = (user is null
                ? Run(home, request.ToBytes())
                : OwnerWork.Run(user, request.ToBytes(), Piece, home)).Split('\n');
        }
        catch (ConfigurationException e)
        {
            Verdicts said = new("network");
            said.Unknown("dns.answers", e.Message);
            return said.All;
        }

        List<DoctorResult> found = [];
        bool isWhole = false;
        foreach (string line in lines)
        {
            if (DoctorResult.ReadLine(line) is { } result)
            {
                found.Add(result);
            }
            else if (line.StartsWith(OkMark, StringComparison.Ordinal)
                && line.Split(' ') is [_, string id, string count]
                && DoctorCatalog.Find(id) is { } check && has(check)
                && int.TryParse(count, out int times))
            {
                ok += times;
            }

            isWhole |= line == EndMark;
        }

        if (!isWhole)
        {
            Verdicts said = new("network");
            said.Unknown("dns.answers", "there are too many findings: name fewer domains");
            found.AddRange(said.All);
        }

        return found;
    }

    private async Task<List<DoctorResult>> RunAsync()
    {
        using CancellationTokenSource stop = new(RunTime);
        IPAddress[] addresses = [.. _request.Addresses.Take(AddressesMax)];
        using SemaphoreSlim places = new(DomainsAtOnce);
        SpfAsker spf = new(_dns, _helo);
        List<Task<List<DoctorResult>>> all =
        [
            SafelyAsync(_me, "dns.answers name.address ptr.missing", async () => NameJudge.Judge(
                await new NameAsker(_dns, spf).AskAsync(_me, _helo, addresses, stop.Token),
                IsOwn)),
            SafelyAsync("port 25 of others", "smtp.out", () => OutAsync(stop.Token)),
            SafelyAsync($"_25._tcp.{_me}", "dane.missing", async () => DaneJudge.Judge(
                await new DaneAsker(
                    MailDns.ReadSigned(_control, static _ => { }).Signed, _me)
                    .AskAsync(addresses, stop.Token),
                TimeProvider.System.GetUtcNow())),
        ];
        Verdicts said = new("this host");
        using StsWeb? web = OpenWeb(said);
        DomainAsker asker = new(_dns, spf, addresses, _request.Keys, web);
        foreach (string domain in Domains())
        {
            all.Add(SafelyAsync(domain, DomainAreas, async () =>
            {
                await places.WaitAsync(stop.Token);
                try
                {
                    return new DomainJudge(
                        await asker.AskAsync(domain, stop.Token), _me, IsOwn).Judge();
                }
                finally
                {
                    places.Release();
                }
            }));
        }

        foreach (string zone in Lists())
        {
            all.Add(SafelyAsync(
                zone, "list.listed", () => ListAsync(zone, addresses, stop.Token)));
        }

        foreach (IPAddress address in addresses)
        {
            all.AddRange(Ports(address, stop.Token));
        }

        foreach (string id in addresses.Length > 0 ? [] : AddressAreas)
        {
            said.Unknown(id, "no interface has a public address: --address IP");
        }

        return [.. (await Task.WhenAll(all)).SelectMany(one => one), .. said.All];
    }

    // Files that TLS needs, such as our certificate for other servers, may not be readable here.
    private StsWeb? OpenWeb(Verdicts said)
    {
        try
        {
            return new StsWeb(_dns, TlsClientSettings.Read(_control));
        }
        catch (ConfigurationException e)
        {
            said.Unknown("sts.policy", e.Message);
            return null;
        }
    }

    private IEnumerable<Task<List<DoctorResult>>> Ports(IPAddress address, CancellationToken stop)
    {
        PortAsker asker = new(_me);
        PortJudge judge = new(_me);
        yield return SafelyAsync(address.ToString(), "smtp.in", async () => judge.Smtp(
            await asker.SmtpAsync(new IPEndPoint(address, SmtpPort), isOurs: true, stop)));
        yield return SafelyAsync(address.ToString(), "submission.tls", async () => judge.Users(
            "submission.tls", await asker.SmtpAsync(new IPEndPoint(address, 587), true, stop)));
        yield return SafelyAsync(address.ToString(), "submission.tls", async () => judge.Users(
            "submission.tls", await asker.TlsAsync(new IPEndPoint(address, 465), stop)));
        yield return SafelyAsync(address.ToString(), "pop3.tls", async () => judge.Users(
            "pop3.tls", await asker.TlsAsync(new IPEndPoint(address, 995), stop)));
    }

    private async Task<List<DoctorResult>> OutAsync(CancellationToken stop)
    {
        Verdicts said = new("port 25 of others");
        if (_request.Peer.Length == 0)
        {
            said.Unknown("smtp.out", "no host is named: --peer HOST");
            return said.All;
        }

        DnsAnswer<IPAddress> found = await _dns.FindIPv4Async(_request.Peer, stop);
        if (found.Records.Count == 0)
        {
            said.Unknown("smtp.out", $"{_request.Peer} has no address");
            return said.All;
        }

        return PortJudge.Out(await new PortAsker(_me).SmtpAsync(
            new IPEndPoint(found.Records[0], SmtpPort), isOurs: false, stop));
    }

    private async Task<List<DoctorResult>> ListAsync(
        string zone, IPAddress[] addresses, CancellationToken stop)
    {
        Task<DnsAnswer<IPAddress>> never = _dns.FindIPv4Async(
            ListJudge.NameOf(IPAddress.Loopback, zone), stop);
        DnsAnswer<IPAddress>[] own = await Task.WhenAll(addresses.Select(ip =>
            _dns.FindIPv4Async(ListJudge.NameOf(ip, zone), stop)));
        return ListJudge.Judge(zone, [.. addresses.Zip(own)], await never);
    }

    /// <summary>Checks that are not done in time are reported.</summary>
    private static async Task<List<DoctorResult>> SafelyAsync(
        string subject, string ids, Func<Task<List<DoctorResult>>> run)
    {
        try
        {
            return await run();
        }
        catch (OperationCanceledException)
        {
            Verdicts said = new(subject);
            foreach (string id in ids.Split(' '))
            {
                said.Unknown(id, "it was not done in time");
            }

            return said.All;
        }
    }

    private IEnumerable<string> Domains()
    {
        IReadOnlyList<string> named = _request.Domains;
        IEnumerable<string> found = named.Count > 0 ? named
            : (_control.ReadList(SmtpFiles.RcptHosts) ?? _control.ReadList(HostFiles.Locals)
                ?? [ByteText.ToBytes(_me)])
                .Select(line => DoctorOptions.Domain(ByteText.ToText(line))).OfType<string>()
                .Where(name => !name.EndsWith(".localdomain", StringComparison.Ordinal));
        return found.Distinct().Take(DomainsMax);
    }

    private IEnumerable<string> Lists() =>
        (_control.ReadList(ClientFiles.DnsLists) ?? [])
            .Select(line => DoctorOptions.Domain(ByteText.ToText(line).Split(':')[0].Trim()))
            .OfType<string>().Concat(UsualLists).Distinct().Take(ListsMax);

    private string? TextOf(ControlLine file) => _control.ReadLine(file) is { Length: > 0 } line
        ? DoctorOptions.Domain(ByteText.ToText(line)) : null;

    private bool IsOwn(IPAddress address) =>
        _request.Addresses.Contains(address) || _own.Contains(address);
}

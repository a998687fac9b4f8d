using System.Globalization;
using System.Net;
using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Queue.Spawn;

namespace Kopis.Remote;

/// <summary>How far one transaction has come in trying the addresses of its destination.</summary>
/// <param name="from">The first address to try.</param>
internal sealed class AddressWalk(int from)
{
    private readonly List<IPAddress> _passed = [];
    private readonly HashSet<string> _left = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _lostLogins = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<int> _tried = [];
    private readonly HashSet<IPEndPoint> _ended = [];
    private RemoteReport? _failure;
    private RemoteReport? _noSource;
    private AttemptServer? _unreached;
    private string _noConnection = "";

    /// <summary>The address to try next.</summary>
    internal int At { get; set; } = from;

    /// <summary>Whether the transaction failed because of its recipients, not of an address, so
    /// that other transactions learn nothing from it.</summary>
    internal bool IsForRecipients { get; set; }

    /// <summary>Records that the address at a place was tried.</summary>
    internal void NoteTried(int place) => _tried.Add(place);

    /// <summary>Records that a session ended before a reply about recipients: its server counts as
    /// tried, even if another transaction opened the session.</summary>
    internal void NoteEnd(IPEndPoint server) => _ended.Add(server);

    /// <summary>Whether an address was tried.</summary>
    /// <param name="place">Its place.</param>
    /// <param name="host">The host at that place.</param>
    internal bool IsTried(int place, RemoteHost host) =>
        _tried.Contains(place) || (_ended.Count > 0 && _ended.Contains(host.EndPoint));

    /// <summary>Whether a connection to it was tried.</summary>
    internal bool IsTried(int place) => _tried.Contains(place);

    /// <summary>Excludes a server from this transaction.</summary>
    internal void Leave(AttemptServer server) => _left.Add(NameOf(server));

    /// <summary>Records that a connection broke during the login. Another address or port may do
    /// better; after a second loss the server is excluded.</summary>
    internal void NoteLostLogin(AttemptServer server)
    {
        if (!_lostLogins.Add(NameOf(server)))
        {
            Leave(server);
        }
    }

    private static string NameOf(AttemptServer server) =>
        server.Host.Length > 0 ? server.Host : server.Address;

    /// <summary>Whether no address is left to try.</summary>
    internal bool IsOver(IReadOnlyList<RemoteHost> hosts)
    {
        int at = At;
        while (at < hosts.Count && (HasLeft(hosts[at]) || IsTried(at, hosts[at])))
        {
            at++;
        }

        return at >= hosts.Count;
    }

    /// <summary>Whether a server was excluded.</summary>
    internal bool HasLeft(RemoteHost host) => _left.Count > 0
        && _left.Contains(host.Name.Length > 0 ? host.Name : host.EndPoint.Address.ToString());

    /// <summary>Why there is no session: the first temporary failure, else the first failure.
    /// Addresses are tried from the best on.</summary>
    internal RemoteReport Failure => _failure
        ?? (_unreached is null ? _noSource : null) ?? RemoteReport.Of(
        'Z', "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)\n"
            + _noConnection).At(AttemptStage.Connect, _unreached);

    /// <summary>Records that there was no connection to an address. Only the first, which is the
    /// best, is reported.</summary>
    internal void NoConnection(RemoteHost host, string why)
    {
        string ip = host.EndPoint.Address.ToString();
        if (_unreached is null)
        {
            _unreached = new AttemptServer(host.Name, ip, "", AttemptFlags.None);
            _noConnection =
                $"{Shown(host.Name)}[{ip}]:{Number(host.EndPoint.Port)}: {why}\n";
        }
    }

    /// <summary>Records that control files name no local address for a connection. Reported only if
    /// no address could be tried.</summary>
    internal void NoSource(RemoteReport report) => _noSource ??= report;

    /// <summary>Records a failure.</summary>
    internal void Fail(RemoteReport failure)
    {
        if (_failure is null || (_failure.Letter == 'D' && failure.Letter == 'Z'))
        {
            _failure = failure;
        }
    }

    /// <summary>Records an address that answers but does not accept mail.</summary>
    internal void Pass(IPAddress address, RemoteReport failure)
    {
        _passed.Add(address);
        Fail(failure);
    }

    // The name comes from DNS, and the report is text for people.
    private static string Shown(string name) => name.Length == 0 ? ""
        : LogText.Safe(ByteText.ToBytes(name)) + " ";

    private static string Number(int port) => port.ToString(CultureInfo.InvariantCulture);

    /// <summary>Returns those addresses, each once, and forgets them.</summary>
    internal IReadOnlyList<IPAddress> DrainPassed()
    {
        IPAddress[] passed = [.. _passed];
        _passed.Clear();
        return passed;
    }
}

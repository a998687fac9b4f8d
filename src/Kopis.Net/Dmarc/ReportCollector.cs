using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Net.Dmarc;

/// <summary>Collects a listener's rows in memory, and writes them once a minute and at the end of
/// the program, in the background: no session waits for the disk. A crash loses those of the last
/// minute. May be used from many threads.</summary>
/// <param name="folder">The directory <c>dmarc</c>, or <c>tlsrpt</c>.</param>
/// <param name="log">Writes a line to the log.</param>
/// <param name="time">The clock.</param>
/// <param name="name">The beginning of lines in the log.</param>
/// <param name="domainsOfNetworkMax">The most new domains of one network in memory.</param>
public sealed class ReportCollector(
    string folder, Action<string> log, TimeProvider time, string name = "dmarc",
    int domainsOfNetworkMax = ReportCollector.DomainsOfNetworkMax)
{
    /// <summary>How long rows stay in memory.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    /// <summary>The most domains in memory.</summary>
    public const int DomainsMax = 2000;

    /// <summary>The most new domains of one client's network in memory, so that others have room.
    /// </summary>
    public const int DomainsOfNetworkMax = 200;

    /// <summary>The most rows in memory, counting repetitions.</summary>
    public const int RowsMax = 50_000;

    private readonly Lock _lock = new();
    private readonly LogThrottle _faults = new(log, time);
    private Dictionary<string, DomainRows> _rows = new(StringComparer.Ordinal);
    private Dictionary<string, int> _networks = new(StringComparer.Ordinal);
    private DateOnly _day;
    private int _count;
    private ITimer? _timer;
    private bool _isWatchingEnd;

    /// <summary>Adds a message.</summary>
    /// <param name="domain">The domain of the policy, normalized.</param>
    /// <param name="policy">The line of the policy.</param>
    /// <param name="row">The line of the row.</param>
    /// <param name="client">The client that sent it.</param>
    public void Add(string domain, string policy, string row, IPAddress client)
    {
        lock (_lock)
        {
            DateOnly day = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
            if (_count > 0 && day != _day)
            {
                (Dictionary<string, DomainRows> rows, DateOnly before) = Detach();
                ErrorLog.Watch(Task.Run(() => Write(before, rows)));
            }

            _day = day;
            if (_count >= RowsMax || !TryFind(domain, client, out DomainRows? known))
            {
                return;
            }

            known.Add(policy, row, 1);
            _count++;
            FlushSoon();
        }
    }

    /// <summary>Writes everything that was collected.</summary>
    public void Flush()
    {
        (Dictionary<string, DomainRows> rows, DateOnly day) taken;
        lock (_lock)
        {
            _timer?.Dispose();
            _timer = null;
            taken = Detach();
        }

        Write(taken.day, taken.rows);
    }

    private bool TryFind(
        string domain, IPAddress client,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out DomainRows? rows)
    {
        if (_rows.TryGetValue(domain, out rows))
        {
            return true;
        }

        string network = NetworkOf(client);
        int known = _networks.GetValueOrDefault(network);
        if (_rows.Count == DomainsMax || known == domainsOfNetworkMax)
        {
            _faults.Write(
                "domains left out of reports",
                $"{name}: too many domains in a minute: some are left out of reports");
            return false;
        }

        _networks[network] = known + 1;
        _rows[domain] = rows = new DomainRows();
        return true;
    }

    private (Dictionary<string, DomainRows> Rows, DateOnly Day) Detach()
    {
        (Dictionary<string, DomainRows>, DateOnly) taken = (_rows, _day);
        _rows = new Dictionary<string, DomainRows>(StringComparer.Ordinal);
        _networks = new Dictionary<string, int>(StringComparer.Ordinal);
        _count = 0;
        return taken;
    }

    private void FlushSoon()
    {
        if (!_isWatchingEnd)
        {
            _isWatchingEnd = true;
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Flush();
        }

        _timer ??= time.CreateTimer(_ => Flush(), null, Period, Timeout.InfiniteTimeSpan);
    }

    private void Write(DateOnly day, Dictionary<string, DomainRows> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        try
        {
            using ReportStore store = new(folder);
            int without = store.Add(day, rows);
            if (without > 0)
            {
                _faults.Write(
                    "rows of reports without room",
                    $"{name}: no room for the rows of {without} domains");
            }
        }
        catch (Exception e) when (e is PosixException or ConfigurationException)
        {
            _faults.Write(
                "rows of reports that are lost", $"{name}: rows of reports are lost: {e.Message}");
        }
    }

    private static string NetworkOf(IPAddress client)
    {
        IPAddress address = PlainAddress.Of(client);
        int bytes = address.AddressFamily == AddressFamily.InterNetwork ? 3 : 6; // /24, /48
        return Convert.ToHexString(address.GetAddressBytes().AsSpan(0, bytes));
    }
}

using Kopis.Base;
using Kopis.Net.Dmarc;
using Kopis.Net.Dns;
using Kopis.Net.Sts;

namespace Kopis.Remote;

/// <summary>What outlives a change of control files: policies, offers of TLS, and the collection
/// for reports.</summary>
/// <param name="home">The home of the directories.</param>
/// <param name="log">Writes a line to the log.</param>
/// <param name="clock">The clock.</param>
internal sealed class TlsServices(string home, Action<string> log, TimeProvider clock)
{
    /// <summary>Large providers have the mail of many domains; this bounds the share of one
    /// network.</summary>
    private const int DomainsOfNetworkMax = ReportCollector.DomainsMax / 2;

    private const int PoliciesMax = 500; // In memory; the others are read from disk.

    private readonly StsStore _store = new(Path.Combine(home, "mta-sts"), log, clock);
    private readonly AnswerCache _without = new(clock);
    private readonly AnswerCache _policies = new(clock, PoliciesMax);
    private string _said = "";

    /// <summary>Which servers have offered TLS.</summary>
    internal OfferMemory Offers { get; } = new();

    /// <summary>Writes a line to the log, with a limit for each cause.</summary>
    internal LogThrottle Log { get; } = new(log, clock);

    /// <summary>Collects what is to be reported.</summary>
    internal ReportCollector Reports { get; } =
        new(Path.Combine(home, "tlsrpt"), log, clock, "tlsrpt", DomainsOfNetworkMax);

    /// <summary>Logs a lasting condition once, until it changes.</summary>
    internal void SayOnce(string line)
    {
        if (Interlocked.Exchange(ref _said, line) != line)
        {
            log(line);
        }
    }

    /// <summary>The policies of receivers, with these settings.</summary>
    internal ReceiverPolicies For(RemoteSettings settings, MailDns dns) => new(
        dns.Signed,
        new StsPolicies(dns, new StsWeb(dns, settings.Tls), _store, _without, _policies,
            log, clock),
        this, settings.ReportsTls);
}

using System.Net;
using Kopis.Base;
using Kopis.Config;
using Kopis.Mail.Authentication.Results;
using Kopis.Net.Dmarc;
using Kopis.Net.Dns;

namespace Kopis.Server.Checks;

/// <summary>The checks of a server's messages, and what they share: settings, and answers of DNS.
/// </summary>
/// <param name="control">Where the control files are.</param>
/// <param name="dns">Asked; read again with the control files.</param>
/// <param name="time">The clock.</param>
/// <param name="reports">Collects what domains want to know; null for nobody.</param>
internal sealed class MailChecks(
    ControlDirectory control, Func<IMailDns> dns, TimeProvider time,
    ReportCollector? reports = null)
{
    // RFC 7208 §4.6.4 wants 20 seconds at least; clients wait ten minutes (RFC 5321 §4.5.3.2.6).
    private static readonly TimeSpan DnsTime = TimeSpan.FromSeconds(20);

    private readonly AnswerCache _answers = new(time);
    private readonly Reloading<CheckSettings> _settings = new(
        control.Watched(CheckSettings.Files), () => CheckSettings.Load(control, dns), time);

    /// <summary>Reads the files.</summary>
    /// <exception cref="ConfigurationException">One cannot be understood.</exception>
    internal void Check() => _ = _settings.Current();

    /// <summary>Begins to check a stranger's message; null where nothing is to be checked.
    /// </summary>
    internal MessageChecks? Begin(IPAddress client, byte[] helo, byte[] sender)
    {
        CheckSettings settings = _settings.Current();
        return settings.AppliesTo(client)
            ? new MessageChecks(
                settings, new AuthenticationDns(settings.Dns, _answers, time, DnsTime), client,
                helo, sender, time)
            : null;
    }

    /// <summary>Puts a verdict into the report of its domain.</summary>
    /// <param name="verdict">Of a message that was taken, or refused for good.</param>
    /// <param name="isOnlyFor">Whether an address is its only recipient. What answers our own
    /// reports is in no report: two hosts would report on each other for ever.</param>
    internal void Report(CheckVerdict verdict, Func<byte[], bool> isOnlyFor)
    {
        if (reports is not null && verdict.Reported is { } reported
            && _settings.Current().Reports is { } settings
            && !isOnlyFor(ByteText.ToBytes(settings.Address)))
        {
            reports.Add(reported.Domain, reported.Policy, reported.Row, reported.Client);
        }
    }

    /// <summary>What removes results that a message only claims to have from us; null for a client
    /// of this host, who may have asked us before.</summary>
    internal ForgedResultsFilter? Filter(IPAddress client)
    {
        CheckSettings settings = _settings.Current();
        return settings.IsLocal(client) ? null : new ForgedResultsFilter(settings.Names);
    }
}

using System.Net;
using Kopis.Base;
using Kopis.Config;
using Kopis.Mail.Authentication;
using Kopis.Mail.Authentication.Results;
using Kopis.Mail.Authentication.Spf;
using Kopis.Mail.Smtp;
using Kopis.Net.Dmarc;
using Kopis.Net.Dns;
using Kopis.Posix;

namespace Kopis.Server.Checks;

/// <summary>The checks of a server's messages, with the settings and DNS answers that they share.
/// </summary>
/// <param name="control">The directory of the control files.</param>
/// <param name="dns">Makes the DNS client, again whenever control files are reread.</param>
/// <param name="time">The clock.</param>
/// <param name="reports">Collects results for reports to domains; null: there are none.</param>
internal sealed class MailChecks(
    ControlDirectory control, Func<IMailDns> dns, TimeProvider time,
    ReportCollector? reports = null)
{
    // RFC 7208 §4.6.4 requires at least 20 seconds; clients wait ten minutes (RFC 5321 §4.5.3.2.6).
    private static readonly TimeSpan DnsTime = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan RcptTime = TimeSpan.FromSeconds(5);

    private readonly AnswerCache _answers = new(time);
    private readonly Reloading<CheckSettings> _settings = new(
        control.Watched(CheckSettings.Files), () => CheckSettings.Load(control, dns), time);

    /// <summary>Reads the files.</summary>
    /// <exception cref="ConfigurationException">A file cannot be parsed.</exception>
    internal void Check() => _ = _settings.Current();

    /// <summary>Begins to check a stranger's message; null if nothing is to be checked.</summary>
    /// <param name="client">The client's address.</param>
    /// <param name="helo">The name that it gives; null before HELO.</param>
    /// <param name="sender">The envelope sender.</param>
    /// <param name="isOwn">Whether an address is one of this host's.</param>
    internal MessageChecks? Begin(
        IPAddress client, byte[]? helo, byte[] sender, Func<IPAddress, bool> isOwn)
    {
        CheckSettings settings = _settings.Current();
        return settings.AppliesTo(client)
            ? new MessageChecks(
                settings, new AuthenticationDns(settings.Dns, _answers, time, DnsTime), client,
                helo ?? [], sender, time)
            {
                Helo = Judge(settings, client, helo, isOwn).Fault,
            }
            : null;
    }

    /// <summary>Checks the name that a stranger gives, without DNS.</summary>
    /// <param name="client">The client's address.</param>
    /// <param name="helo">The name that it gives; null before HELO.</param>
    /// <param name="isOwn">Whether an address is one of this host's.</param>
    internal HeloCheck JudgeHelo(IPAddress client, byte[]? helo, Func<IPAddress, bool> isOwn) =>
        Judge(_settings.Current(), client, helo, isOwn);

    private static HeloCheck Judge(
        CheckSettings settings, IPAddress client, byte[]? helo, Func<IPAddress, bool> isOwn)
    {
        if ((settings.Helo, settings.HeloSelf) == default || settings.IsLocal(client))
        {
            return default;
        }

        HeloFault owner = HeloJudge.JudgeOwner(helo, settings.HeloNames, isOwn);
        bool isExempt = settings.IsExempt(client);
        return new HeloCheck(
            HeloJudge.JudgeForm(helo),
            owner != HeloFault.None && isOwn(client) ? HeloFault.None : owner,
            AtMost(settings.Helo), AtMost(settings.HeloSelf));

        CheckAction AtMost(CheckAction action) =>
            isExempt && action != CheckAction.Off ? CheckAction.Tag : action;
    }

    /// <summary>Whether a client is never refused for a check, or is this host.</summary>
    internal bool IsSpared(IPAddress client)
    {
        CheckSettings settings = _settings.Current();
        return settings.IsExempt(client) || settings.IsLocal(client);
    }

    /// <summary>Whether both SPF and iprev pass for a client and a sender. Asks DNS, for no longer
    /// than a client waits at RCPT. Does not throw.</summary>
    internal async Task<bool> VouchesAsync(
        IPAddress client, byte[]? helo, byte[] sender, CancellationToken stop)
    {
        AuthenticationDns dns = new(_settings.Current().Dns, _answers, time, RcptTime);
        Task<ReverseNameCheck> name = ReverseNameCheck.CheckAsync(dns, client, stop);
        Task<SpfCheck> spf = SpfChecker.CheckAsync(
            dns, SpfRequest.OfMailFrom(client, sender, helo ?? []), stop);
        try
        {
            return (await name).Result == AuthenticationResult.Pass
                && (await spf).Result == AuthenticationResult.Pass;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        finally
        {
            ErrorLog.Watch(Task.WhenAll(name, spf));
        }
    }

    /// <summary>Whether a message may be in a report. An answer to one of our own reports is in
    /// none, or two hosts would report on each other for ever.</summary>
    /// <param name="isOnlyFor">Whether an address is the message's only recipient.</param>
    internal bool IsReported(Func<byte[], bool> isOnlyFor) =>
        reports is not null && _settings.Current().Reports is { } settings
        && !isOnlyFor(ByteText.ToBytes(settings.Address));

    /// <summary>Adds a verdict to the report for its domain.</summary>
    /// <param name="verdict">The verdict of the checks.</param>
    /// <param name="refusal">Why the message was refused by the checks, a filter or the queue; null
    /// if it was accepted.</param>
    internal void Report(CheckVerdict verdict, SmtpAnswer? refusal)
    {
        if (verdict.Reported(refusal) is { } reported)
        {
            reports?.Add(reported.Domain, reported.Policy, reported.Row, reported.Client);
        }
    }

    /// <summary>Makes the filter that removes results which a message only claims to have from us;
    /// null for a client on this host, which may have got them from us.</summary>
    internal ForgedResultsFilter? Filter(IPAddress client)
    {
        CheckSettings settings = _settings.Current();
        return settings.IsLocal(client) ? null : new ForgedResultsFilter(settings.Names);
    }
}

using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Host.Accounts;
using Kopis.Host.Dmarc;
using Kopis.Mail.TlsReports;
using Kopis.Net.Dmarc;
using Kopis.Net.Dns;
using Kopis.Net.Tls;
using Kopis.Net.TlsReports;

namespace Kopis.Host.TlsReports;

/// <summary>
/// <c>kopis tlsrpt send</c>: a report for each domain that wants one, of each day that is over, by
/// mail and to a web site.
/// </summary>
/// <param name="context">What the program is given.</param>
/// <param name="time">The clock.</param>
internal sealed class TlsSendCommand(ProgramContext context, TimeProvider time)
{
    private const int TargetsMax = 5;
    private const int MessageBytesMax = 10 * 1024 * 1024;
    private static readonly TimeSpan PostTime = TimeSpan.FromSeconds(60); // Of a domain.

    private readonly ReportRun _run = new(time);

    /// <summary>The exit code of a command that has run.</summary>
    internal int Code => _run.Code;

    /// <summary>Sends; null where the words make no sense.</summary>
    internal string? Run(string[] words)
    {
        if (SendOptions.Parse(words) is not { } options)
        {
            return null;
        }

        ControlDirectory control = ControlDirectory.Of(context);
        ReportSettings settings = ReportSettings.Read(control, RemoteFiles.TlsReports)
            ?? throw AccountCommand.Refused(
                $"there is no {control.PathOf(RemoteFiles.TlsReports)}");
        using ReportStore store = ReportIntake.Open(context.In("tlsrpt"));
        using IDisposable held = store.TryHold("send.lock")
            ?? throw new ConfigurationException("reports are being sent already");
        MailDns dns = MailDns.Read(control);
        AccountCommand.Warn(dns.Faults);
        using TlsReportPost post = new(dns, TlsClientSettings.Read(control));
        return _run.Run(
            settings, store, options, job => SendAsync(job, dns, post, options.IsDry));
    }

    /// <summary>Sends one.</summary>
    /// <returns>Whether there is nothing more to do for it.</returns>
    private async Task<bool> SendAsync(ReportJob job, MailDns dns, TlsReportPost post, bool isDry)
    {
        if (Make(job) is not { } report)
        {
            return true; // What is there is none of ours.
        }

        DnsAnswer<string> texts =
            await dns.FindTextsAsync($"_smtp._tls.{job.Domain}", CancellationToken.None);
        if (texts.Status == DnsStatus.TryAgain && !job.IsLate)
        {
            return _run.Postpone(job, "DNS does not answer");
        }

        if (TlsReportRecord.Of(texts.Records) is not { } record)
        {
            return true; // Most domains want none: nothing is said of it.
        }

        byte[] packed = TlsReportMessage.Pack(report);
        string[] takers = [.. record.Addresses.Select(one => one.Address).Distinct()
            .Take(TargetsMax)];
        string words = $"{report.Sessions} sessions, to "
            + string.Join(
                ", ", takers.Concat(record.Sites.Take(TargetsMax).Select(one => one.Host)));
        if (isDry)
        {
            job.Say(words);
            return true;
        }

        return await DeliverAsync(job, report, packed, takers, record.Sites, post, words);
    }

    /// <summary>By mail, and to one of the sites.</summary>
    private async Task<bool> DeliverAsync(
        ReportJob job, TlsReport report, byte[] packed, string[] takers, IReadOnlyList<Uri> sites,
        TlsReportPost post, string words)
    {
        if (takers.Length > 0 && packed.Length <= MessageBytesMax)
        {
            byte[] message = TlsReportMessage.Write(
                report, packed, job.Domain, job.Settings.Domain, takers,
                QmailDate.Rfc822(time.GetUtcNow()).TrimEnd());
            words += $": qp {await ReportIntake.HandOverAsync(
                context, job.Settings.Address, takers, message)}";
        }

        (bool isTaken, string faults) = await PostAsync(packed, sites, post);
        if (!isTaken && faults.Length > 0 && takers.Length == 0 && !job.IsLate)
        {
            return _run.Postpone(job, faults[2..]);
        }

        _run.AddSent(job, words + faults);
        return true;
    }

    /// <summary>To the first site that takes it; all have a time together, so that a domain with
    /// many that do not answer keeps the others' reports back no longer than one with one.
    /// </summary>
    private static async Task<(bool IsTaken, string Faults)> PostAsync(
        byte[] packed, IReadOnlyList<Uri> sites, TlsReportPost post)
    {
        using CancellationTokenSource soon = new(PostTime);
        string faults = "";
        foreach (Uri site in sites.Take(TargetsMax))
        {
            if (await post.SendAsync(site, packed, soon.Token) is not { } why)
            {
                return (true, faults);
            }

            faults += $"; {site.Host}: {why}";
        }

        return (false, faults);
    }

    private static TlsReport? Make(ReportJob job)
    {
        SessionCount[] sessions =
        [
            .. job.Rows.Rows.OrderBy(row => row.Key, StringComparer.Ordinal)
                .Select(row => SessionRow.Read(row.Key, row.Value)).OfType<SessionCount>(),
        ];
        DateTimeOffset begin = new(job.Day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
        return sessions.Length == 0 ? null : new TlsReport(
            job.Settings.Organization, job.Settings.Address, job.Id, begin,
            begin.AddDays(1).AddSeconds(-1), TlsReport.Count(job.Domain, sessions));
    }
}

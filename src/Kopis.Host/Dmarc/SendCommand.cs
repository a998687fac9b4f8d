using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Host.Accounts;
using Kopis.Mail.Authentication.Reports;
using Kopis.Net.Dmarc;
using Kopis.Net.Dns;

namespace Kopis.Host.Dmarc;

/// <summary><c>kopis dmarc send</c>: mails a report for each domain of each day that is over.
/// </summary>
/// <param name="context">What the program is given.</param>
/// <param name="time">The clock.</param>
internal sealed class SendCommand(ProgramContext context, TimeProvider time)
{
    private const int TargetsMax = 5;
    private const int MessageBytesMax = 10 * 1024 * 1024;
    private static readonly TimeSpan DnsTime = TimeSpan.FromSeconds(20); // For one domain.

    private readonly ReportRun _run = new(time);
    private readonly AnswerCache _answers = new(time);

    /// <summary>The exit code of a command that was run.</summary>
    internal int Code => _run.Code;

    /// <summary>Sends the reports; null if the words make no sense.</summary>
    internal string? Run(string[] words)
    {
        if (SendOptions.Parse(words) is not { } options)
        {
            return null;
        }

        ControlDirectory control = ControlDirectory.Of(context);
        ReportSettings settings = ReportSettings.Read(control, CheckFiles.Reports)
            ?? throw AccountCommand.Refused($"there is no {control.PathOf(CheckFiles.Reports)}");
        using ReportStore store = ReportIntake.Open(context.In("dmarc"));
        using IDisposable held = store.TryHold("send.lock")
            ?? throw new ConfigurationException("reports are being sent already");
        MailDns dns = MailDns.Read(control);
        AccountCommand.Warn(dns.Faults);
        return _run.Run(settings, store, options, job => SendAsync(job, dns, options.IsDry));
    }

    /// <summary>Sends a report.</summary>
    /// <returns>Whether nothing is left to do for it.</returns>
    private async Task<bool> SendAsync(ReportJob job, MailDns dns, bool isDry)
    {
        if (Make(job, out string organization, out string[] targets) is not { } report)
        {
            return true; // Nothing was seen, or it is not ours.
        }

        AuthenticationDns asked = new(dns, _answers, time, DnsTime);
        List<ReportAddress> to = [];
        foreach (ReportAddress target in
            targets.Select(ReportAddress.Parse).OfType<ReportAddress>().Take(TargetsMax))
        {
            (ReportConsent consent, IReadOnlyList<ReportAddress> named) =
                await ReportDestination.AskAsync(
                    asked, report.Policy.Domain, organization, target, CancellationToken.None);
            if (consent == ReportConsent.Unknown && !job.IsLate)
            {
                return _run.Postpone(job, "DNS does not answer");
            }

            to.AddRange(named);
        }

        byte[] message = Write(report, job.Settings, to);
        string[] takers = [.. to.Where(one => message.Length <= (one.BytesMax ?? MessageBytesMax)
                && message.Length <= MessageBytesMax)
            .Select(one => one.Address).Distinct().Take(TargetsMax)];
        if (takers.Length == 0)
        {
            job.Say("nobody takes a report");
            return true;
        }

        message = takers.Length == to.Count ? message : Write(report, job.Settings, takers);
        string words = $"{report.Messages} messages, to {string.Join(", ", takers)}";
        if (isDry)
        {
            job.Say(words);
            return true;
        }

        uint qp = await ReportIntake.HandOverAsync(
            context, job.Settings.Address, takers, message);
        _run.AddSent(job, $"{words}: qp {qp}");
        return true;
    }

    private static AggregateReport? Make(
        ReportJob job, out string organization, out string[] targets)
    {
        PublishedPolicy? policy =
            VerdictText.ReadPolicy(job.Rows.Policy, out organization, out targets);
        ReportRow[] rows = [.. job.Rows.Rows.OrderBy(row => row.Key, StringComparer.Ordinal)
            .Select(row => VerdictText.ReadRow(row.Key, row.Value)).OfType<ReportRow>()];
        if (policy?.Domain != job.Domain || rows.Length == 0)
        {
            return null;
        }

        DateTimeOffset begin = new(job.Day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
        long seconds = begin.ToUnixTimeSeconds();
        long left = job.Rows.Left;
        return new AggregateReport(
            job.Settings.Organization, job.Settings.Address, job.Id, seconds, seconds + 86_399,
            policy, rows)
        {
            Generator = "Kopis",
            Error = left == 0 ? "" : $"{left} messages are in no row: there were too many rows",
        };
    }

    private byte[] Write(
        AggregateReport report, ReportSettings settings, IEnumerable<ReportAddress> to) =>
        Write(report, settings, [.. to.Select(one => one.Address).Distinct()]);

    private byte[] Write(AggregateReport report, ReportSettings settings, string[] to) =>
        ReportMessage.Write(
            report, settings.Domain, to,
            QmailDate.Rfc822(time.GetUtcNow()).TrimEnd());
}

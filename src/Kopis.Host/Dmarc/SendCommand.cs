using System.Security.Cryptography;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Host.Accounts;
using Kopis.Mail.Authentication.Reports;
using Kopis.Net.Dmarc;
using Kopis.Net.Dns;
using Kopis.Posix;

namespace Kopis.Host.Dmarc;

/// <summary>
/// <c>kopis dmarc send</c>: a report for each domain of each day that is over. What the queue has
/// taken is removed after that, so that a power cut between the two sends a report twice, with the
/// same id, and loses none.
/// </summary>
/// <param name="context">What the program is given.</param>
/// <param name="time">The clock.</param>
internal sealed class SendCommand(ProgramContext context, TimeProvider time)
{
    private const int ReportsMax = 5000; // Of a run; the rest is for the next one.
    private const int TargetsMax = 5;
    private const int MessageBytesMax = 10 * 1024 * 1024;
    private const int IdBytes = 8;
    private static readonly TimeSpan RunTime = TimeSpan.FromHours(4);
    private static readonly TimeSpan DnsTime = TimeSpan.FromSeconds(20); // For one domain.

    // Listeners write what they have within a minute.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    private readonly long _start = time.GetTimestamp();
    private readonly AnswerCache _answers = new(time);
    private int _sent;

    /// <summary>The exit code of a command that has run.</summary>
    internal int Code { get; private set; } = ExitCode.Success;

    /// <summary>Sends; null where the words make no sense.</summary>
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
        DateOnly today = DateOnly.FromDateTime((time.GetUtcNow() - Margin).UtcDateTime);
        if (options.Day >= today)
        {
            throw AccountCommand.Refused($"{ReportStore.NameOf(options.Day.Value)} is not over");
        }

        foreach (DateOnly day in store.Days().Where(day =>
            day < today && (options.Day is null || day == options.Day)))
        {
            // What did not find out whom to send to waits for a day, and no longer.
            bool isLate = day.AddDays(1) < today;
            foreach (string domain in store.Domains(day))
            {
                if (_sent >= ReportsMax || time.GetElapsedTime(_start) > RunTime)
                {
                    Code = ExitCode.Temporary;
                    return "the rest is for the next run\n";
                }

                DayReport report = new(day, domain, store.Read(day, domain), isLate);
                if (SendAsync(settings, report, dns, options.IsDry).GetAwaiter().GetResult()
                    && !options.IsDry)
                {
                    store.Remove(day, domain);
                }
            }
        }

        return "";
    }

    /// <summary>Sends one.</summary>
    /// <returns>Whether there is nothing more to do for it.</returns>
    private async Task<bool> SendAsync(
        ReportSettings settings, DayReport day, MailDns dns, bool isDry)
    {
        if (Make(settings, day, out string organization, out string[] targets) is not { } report)
        {
            return true; // Nothing was seen, or what is there is none of ours.
        }

        AuthenticationDns asked = new(dns, _answers, time, DnsTime);
        List<ReportAddress> to = [];
        foreach (ReportAddress target in
            targets.Select(ReportAddress.Parse).OfType<ReportAddress>().Take(TargetsMax))
        {
            (ReportConsent consent, IReadOnlyList<ReportAddress> named) =
                await ReportDestination.AskAsync(
                    asked, report.Policy.Domain, organization, target, CancellationToken.None);
            if (consent == ReportConsent.Unknown && !day.IsLate)
            {
                Say(day, "later: DNS does not answer");
                Code = ExitCode.Temporary;
                return false;
            }

            to.AddRange(named);
        }

        byte[] message = Write(report, settings, to);
        string[] takers = [.. to.Where(one => message.Length <= (one.BytesMax ?? MessageBytesMax)
                && message.Length <= MessageBytesMax)
            .Select(one => one.Address).Distinct().Take(TargetsMax)];
        if (takers.Length == 0)
        {
            Say(day, "nobody takes a report");
            return true;
        }

        message = takers.Length == to.Count ? message : Write(report, settings, takers);
        string words = $"{report.Messages} messages, to {string.Join(", ", takers)}";
        if (isDry)
        {
            Say(day, words);
            return true;
        }

        uint qp = await ReportIntake.HandOverAsync(
            context, settings.Address, takers, message);
        _sent++;
        Say(day, $"{words}: qp {qp}");
        return true;
    }

    private static AggregateReport? Make(
        ReportSettings settings, DayReport day, out string organization, out string[] targets)
    {
        PublishedPolicy? policy =
            VerdictText.ReadPolicy(day.Rows.Policy, out organization, out targets);
        ReportRow[] rows = [.. day.Rows.Rows.OrderBy(row => row.Key, StringComparer.Ordinal)
            .Select(row => VerdictText.ReadRow(row.Key, row.Value)).OfType<ReportRow>()];
        if (policy?.Domain != day.Domain || rows.Length == 0)
        {
            return null;
        }

        DateTimeOffset begin = new(day.Day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
        long seconds = begin.ToUnixTimeSeconds();
        long left = day.Rows.Left;
        return new AggregateReport(
            settings.Organization, settings.Address, IdOf(day), seconds, seconds + 86_399, policy,
            rows)
        {
            Generator = "Kopis",
            Error = left == 0 ? "" : $"{left} messages are in no row: there were too many rows",
        };
    }

    /// <summary>The same rows have the same id.</summary>
    private static string IdOf(DayReport day)
    {
        byte[] hash = SHA256.HashData([.. ByteText.ToBytes(day.Domain), .. day.Rows.ToBytes()]);
        return ReportStore.NameOf(day.Day).Replace("-", "", StringComparison.Ordinal)
            + Convert.ToHexStringLower(hash.AsSpan(0, IdBytes));
    }

    private byte[] Write(
        AggregateReport report, ReportSettings settings, IEnumerable<ReportAddress> to) =>
        Write(report, settings, [.. to.Select(one => one.Address).Distinct()]);

    private byte[] Write(AggregateReport report, ReportSettings settings, string[] to) =>
        ReportMessage.Write(
            report, settings.Domain, to,
            QmailDate.Rfc822(time.GetUtcNow()).TrimEnd());

    // At once: what was sent is told, whatever comes after it.
    private static void Say(DayReport day, string what) => Fd.WriteAll(
        1, ByteText.ToBytes($"{ReportStore.NameOf(day.Day)} {day.Domain}: {what}\n"));

    /// <summary>What was seen of a domain on a day.</summary>
    private sealed record DayReport(DateOnly Day, string Domain, DomainRows Rows, bool IsLate);
}

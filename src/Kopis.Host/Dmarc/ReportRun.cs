using Kopis.Base;
using Kopis.Host.Accounts;
using Kopis.Net.Dmarc;

namespace Kopis.Host.Dmarc;

/// <summary>The loop of <c>kopis dmarc send</c> and <c>kopis tlsrpt send</c> over each domain of
/// each day that is over. Observations are removed after their report is sent. So a power cut
/// between the two sends a report twice, with the same id, but loses none.</summary>
/// <param name="time">The clock.</param>
internal sealed class ReportRun(TimeProvider time)
{
    private const int ReportsMax = 5000; // The next run sends the rest.
    private static readonly TimeSpan RunTime = TimeSpan.FromHours(4);

    // Listeners and qmail-rspawn write their observations with some delay.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    private readonly long _start = time.GetTimestamp();
    private int _sent;

    /// <summary>The exit code: 111 if something is left for the next run.</summary>
    internal int Code { get; private set; } = ExitCode.Success;

    /// <summary>Sends the reports that the options ask for.</summary>
    /// <param name="settings">The settings of the reporter.</param>
    /// <param name="store">The observations.</param>
    /// <param name="options">The options of the command.</param>
    /// <param name="sendAsync">Sends a report; true if nothing is left to do for it.</param>
    /// <returns>The text to print at the end.</returns>
    internal string Run(
        ReportSettings settings, ReportStore store, SendOptions options,
        Func<ReportJob, Task<bool>> sendAsync)
    {
        DateOnly today = DateOnly.FromDateTime((time.GetUtcNow() - Margin).UtcDateTime);
        if (options.Day >= today)
        {
            throw AccountCommand.Refused($"{ReportStore.NameOf(options.Day.Value)} is not over");
        }

        foreach (DateOnly day in store.Days().Where(day =>
            day < today && (options.Day is null || day == options.Day)))
        {
            // A report that could not be sent waits for one day only.
            bool isLate = day.AddDays(1) < today;
            foreach (string domain in store.Domains(day))
            {
                if (_sent >= ReportsMax || time.GetElapsedTime(_start) > RunTime)
                {
                    Code = ExitCode.Temporary;
                    return "the rest is for the next run\n";
                }

                ReportJob job = new(settings, day, domain, store.Read(day, domain), isLate);
                if (sendAsync(job).GetAwaiter().GetResult() && !options.IsDry)
                {
                    store.Remove(day, domain);
                }
            }
        }

        return "";
    }

    /// <summary>Counts a report that was sent, and prints where it went.</summary>
    internal void AddSent(ReportJob job, string what)
    {
        _sent++;
        job.Say(what);
    }

    /// <summary>Leaves a report for the next run, and prints why.</summary>
    /// <returns>False, since work is left for it.</returns>
    internal bool Postpone(ReportJob job, string why)
    {
        job.Say($"later: {why}");
        Code = ExitCode.Temporary;
        return false;
    }
}

using Kopis.Base;
using Kopis.Host.Accounts;
using Kopis.Net.Dmarc;

namespace Kopis.Host.Dmarc;

/// <summary>
/// The loop of <c>kopis dmarc send</c> and <c>kopis tlsrpt send</c>: each domain of each day that
/// is over. What was seen is removed after its report is sent, so that a power cut between the two
/// sends a report twice, with the same id, and loses none.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class ReportRun(TimeProvider time)
{
    private const int ReportsMax = 5000; // Of a run; the rest is for the next one.
    private static readonly TimeSpan RunTime = TimeSpan.FromHours(4);

    // Listeners and qmail-rspawn write what they have seen some time later.
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(5);

    private readonly long _start = time.GetTimestamp();
    private int _sent;

    /// <summary>The exit code: 111 if something is left for the next run.</summary>
    internal int Code { get; private set; } = ExitCode.Success;

    /// <summary>Sends the reports that the options want.</summary>
    /// <param name="settings">Who reports.</param>
    /// <param name="store">What was seen.</param>
    /// <param name="options">The words of the command.</param>
    /// <param name="sendAsync">Sends one; true if there is nothing more to do for it.</param>
    /// <returns>What to print at the end.</returns>
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
            // A report that could not be sent waits for a day, and no longer.
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
    /// <returns>False: there is more to do for it.</returns>
    internal bool Postpone(ReportJob job, string why)
    {
        job.Say($"later: {why}");
        Code = ExitCode.Temporary;
        return false;
    }
}

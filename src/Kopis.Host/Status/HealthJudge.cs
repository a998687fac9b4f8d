using Kopis.Base;
using Kopis.Queue.Commands;
using Kopis.Queue.Store.Messages;

namespace Kopis.Host.Status;

/// <summary>Decides how well a host is. What one user or one other host can bring about, such as
/// mail that waits, is a note: it makes nobody's host ill. Pure.</summary>
internal static class HealthJudge
{
    private const long FreeBytesLeast = 4 * QueueLimits.FreeBytesMin;
    private const long FreeFilesLeast = 10_000;
    private const int DestinationsShown = 5;
    private static readonly TimeSpan CertificateLeast = TimeSpan.FromDays(7);
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Settled = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Old = TimeSpan.FromHours(1);

    /// <summary>What needs attention, the worst first.</summary>
    internal static List<HealthFinding> Judge(HealthFacts facts) =>
        [.. Parts(facts).Concat(Room(facts)).Concat(Restarts(facts)).Concat(Mail(facts))
            .OrderByDescending(finding => finding.Level)];

    private static IEnumerable<HealthFinding> Parts(HealthFacts facts)
    {
        if (facts.Send == PartState.Down)
        {
            yield return new(
                HealthLevel.Down, "qmail-send does not run: nothing is delivered",
                "systemctl status kopis");
        }
        else if (facts.Send == PartState.Silent)
        {
            yield return new(
                HealthLevel.Degraded, "qmail-send did not answer in time", "kopis queue list");
        }

        if (facts.Writer == PartState.Down)
        {
            yield return new(
                HealthLevel.Down, "the queue writer does not run: no mail is taken",
                "systemctl status kopis-queue");
        }

        if (facts.Journal == PartState.Down)
        {
            yield return new(
                HealthLevel.Degraded, "qmail-journal does not answer: nothing is recorded",
                "systemctl status kopis-queue");
        }

        if (facts.Processes.Count > 0 && !facts.Processes.Any(one => one.Program == "tcpserver"))
        {
            yield return new(
                HealthLevel.Degraded, "no tcpserver runs: nobody can connect",
                "systemctl list-units 'kopis-*'");
        }
    }

    private static IEnumerable<HealthFinding> Room(HealthFacts facts)
    {
        if (facts.FreeBytes is < QueueLimits.FreeBytesMin)
        {
            yield return new(
                HealthLevel.Down, "the queue's disk is full: mail is refused", "df -h");
        }
        else if (facts.FreeBytes is < FreeBytesLeast and var left)
        {
            yield return new(
                HealthLevel.Degraded, $"the queue's disk has {StatusWords.Bytes(left)} left",
                "df -h");
        }

        if (facts.FreeFiles is < FreeFilesLeast and var files)
        {
            yield return new(
                HealthLevel.Degraded, $"the queue's disk has room for {files} files", "df -i");
        }

        if (facts.CertificateUntil is { } until && until - facts.Now < CertificateLeast)
        {
            yield return new(
                HealthLevel.Degraded,
                until <= facts.Now ? $"the certificate ended on {until:yyyy-MM-dd}"
                    : $"the certificate ends in {StatusWords.Age(until - facts.Now)}",
                "kopis acme; kopis certificate");
        }

        if (facts.Lost > 0)
        {
            yield return new(
                HealthLevel.Degraded, $"{facts.Lost:0} records of the last hour are lost",
                "kopis trace --since 1h");
        }
    }

    /// <summary>What began again while its supervisor ran on.</summary>
    private static IEnumerable<HealthFinding> Restarts(HealthFacts facts)
    {
        DateTimeOffset first = facts.Processes
            .Where(one => one.Program is "qmail-start" or "kopis")
            .Select(one => one.Start).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();
        foreach (HostProcess one in facts.Processes.Where(one => one.Program != "tcpserver"
            && one.Start - first > Settled && facts.Now - one.Start < Recent))
        {
            yield return new(
                HealthLevel.Healthy,
                $"{one.Program} was started again {StatusWords.Age(facts.Now - one.Start)} ago",
                "journalctl -u 'kopis*'");
        }
    }

    private static IEnumerable<HealthFinding> Mail(HealthFacts facts)
    {
        foreach (ListedDestination one in facts.Busy
            .Where(one => one.State is DestinationState.Dead).Take(DestinationsShown))
        {
            yield return new(
                HealthLevel.Healthy,
                $"{PrintableText.Line(one.Name)} is dead: {one.Waiting} recipients wait",
                $"kopis destinations {PrintableText.Line(one.Name)}");
        }

        if (facts.Queue is { OnDisk: > 0 and var waiting })
        {
            yield return new(
                HealthLevel.Healthy, $"queuememory is full: {waiting} messages wait on disk",
                "kopis config explain queuememory");
        }

        if (facts.Queue is { } queue && queue.Local.OldestSeconds > Old.TotalSeconds)
        {
            yield return new(
                HealthLevel.Healthy,
                "local mail has waited for "
                    + StatusWords.Age(TimeSpan.FromSeconds(queue.Local.OldestSeconds)),
                "kopis queue list --older-than 1h");
        }
    }
}

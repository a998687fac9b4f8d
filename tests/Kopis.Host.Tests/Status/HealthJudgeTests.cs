using Kopis.Host.Status;
using Kopis.Queue.Commands;

namespace Kopis.Host.Tests.Status;

public sealed class HealthJudgeTests
{
    private const long MiB = 1024 * 1024;
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    private static HealthFacts Sound => new()
    {
        Now = Now,
        Send = PartState.Up,
        Writer = PartState.Up,
        Journal = PartState.Up,
        Processes =
        [
            Process("qmail-start", minutesAgo: 90), Process("qmail-send", minutesAgo: 90),
            Process("tcpserver", minutesAgo: 1),
        ],
        Queue = new QueueSummary(),
        FreeBytes = 300 * MiB,
        FreeFiles = 20_000,
        CertificateUntil = Now.AddDays(30),
    };

    public static TheoryData<string, HealthLevel, string> Cases => new()
    {
        { "send down", HealthLevel.Down, "qmail-send does not run" },
        { "send silent", HealthLevel.Degraded, "did not answer in time" },
        { "writer down", HealthLevel.Down, "no mail is taken" },
        { "journal down", HealthLevel.Degraded, "nothing is recorded" },
        { "no listener", HealthLevel.Degraded, "no tcpserver runs" },
        { "disk full", HealthLevel.Down, "mail is refused" },
        { "disk nearly full", HealthLevel.Degraded, "200 MiB left" },
        { "files", HealthLevel.Degraded, "room for 9 files" },
        { "certificate ends", HealthLevel.Degraded, "ends in 6d 0h" },
        { "certificate ended", HealthLevel.Degraded, "ended on 2026-11-29" },
        { "lost", HealthLevel.Degraded, "7 records of the last hour are lost" },
        { "restart", HealthLevel.Healthy, "qmail-send was started again 2m 0s ago" },
        { "dead", HealthLevel.Healthy, "mx.ex?mple is dead: 9 recipients wait" },
        { "memory", HealthLevel.Healthy, "5 messages wait on disk" },
        { "old", HealthLevel.Healthy, "local mail has waited for 2h 0m" },
    };

    [Fact]
    public void A_sound_host_has_no_finding() => Assert.Empty(HealthJudge.Judge(Sound));

    [Fact]
    public void What_is_not_known_or_not_wanted_is_no_fault() => Assert.Empty(HealthJudge.Judge(
        new HealthFacts
        {
            Now = Now,
            Send = PartState.Up,
            Writer = PartState.Up,
            Journal = PartState.Off,
        }));

    [Theory, MemberData(nameof(Cases))]
    public void Each_fault_is_found(string name, HealthLevel level, string text)
    {
        HealthFinding finding = Assert.Single(HealthJudge.Judge(Facts(name)));
        Assert.Equal(level, finding.Level);
        Assert.Contains(text, finding.Text);
        Assert.NotEmpty(finding.Command);
    }

    [Fact]
    public void The_worst_comes_first()
    {
        List<HealthFinding> found = HealthJudge.Judge(Facts("dead") with
        {
            Lost = 1,
            Writer = PartState.Down,
        });
        Assert.Equal(
            [HealthLevel.Down, HealthLevel.Degraded, HealthLevel.Healthy],
            found.Select(one => one.Level));
    }

    private static HealthFacts Facts(string name) => name switch
    {
        "send down" => Sound with { Send = PartState.Down },
        "send silent" => Sound with { Send = PartState.Silent },
        "writer down" => Sound with { Writer = PartState.Down },
        "journal down" => Sound with { Journal = PartState.Down },
        "no listener" => Sound with { Processes = [Process("qmail-start", minutesAgo: 90)] },
        "disk full" => Sound with { FreeBytes = 60 * MiB },
        "disk nearly full" => Sound with { FreeBytes = 200 * MiB },
        "files" => Sound with { FreeFiles = 9 },
        "certificate ends" => Sound with { CertificateUntil = Now.AddDays(6) },
        "certificate ended" => Sound with { CertificateUntil = Now.AddDays(-1) },
        "lost" => Sound with { Lost = 7 },
        "restart" => Sound with
        {
            Processes = [.. Sound.Processes.Skip(2), Process("qmail-start", minutesAgo: 90),
                Process("qmail-send", minutesAgo: 2)],
        },
        "dead" => Sound with
        {
            Busy = [new ListedDestination("mx.ex\u001bmple"u8.ToArray(), DestinationState.Dead)
            {
                Waiting = 9,
            }],
        },
        "memory" => Sound with { Queue = new QueueSummary { OnDisk = 5 } },
        "old" => Sound with { Queue = Old() },
        _ => throw new ArgumentException(name, nameof(name)),
    };

    private static QueueSummary Old()
    {
        QueueSummary queue = new();
        queue.Local.Add(7200);
        queue.Remote.Add(90_000); // Another host's affair.
        return queue;
    }

    private static HostProcess Process(string program, int minutesAgo) =>
        new(program, 7, Now.AddMinutes(-minutesAgo), MiB, 1);
}

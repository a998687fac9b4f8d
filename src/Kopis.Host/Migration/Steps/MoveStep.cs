using Kopis.Host.Install;
using Kopis.Host.Run;

namespace Kopis.Host.Migration.Steps;

/// <summary>One of the five steps of docs/MOVING.md.</summary>
/// <param name="Title">The result of the step.</param>
/// <param name="Actions">Its actions, in order.</param>
internal sealed record MoveStep(string Title, IReadOnlyList<StepAction> Actions)
{
    internal const int Last = 5;

    /// <summary>How much higher the ports of the trial are than the usual ones.</summary>
    internal const int TrialOffset = 10000;

    private const string Sendmail = "/usr/sbin/sendmail";
    private static readonly string[] Delivery = ["kopis-queue.service", "kopis.service"];

    /// <summary>The units of mail servers that others install.</summary>
    internal static readonly string[] Others =
        ["postfix.service", "exim4.service", "sendmail.service", "opensmtpd.service",
         "qmail.service"];

    /// <summary>The step with a number from 1 to <see cref="Last"/>.</summary>
    /// <param name="number">The number.</param>
    /// <param name="listeners">The listeners whose ports are free once the old server is stopped;
    /// the last step starts them.</param>
    /// <param name="beside">Units that it starts besides those.</param>
    internal static MoveStep Of(
        int number, IReadOnlyList<MailListener> listeners, IReadOnlyList<string> beside) =>
        number switch
        {
            1 => new("queue and deliveries run, and nothing listens", [.. Delivery.Select(Start)]),
            2 => new(
                "programs that call sendmail use Kopis", [new(StepKind.Divert, Sendmail)]),
            3 => new("SMTP at port 10025, beside the old server", Trial("smtp")),
            4 => new("POP3 at port 10110, beside the old server", Trial("pop3")),
            _ => new("the old server is stopped, and Kopis has the ports",
            [
                .. Others.SelectMany(unit => (StepAction[])
                    [new(StepKind.Stop, unit), new(StepKind.Disable, unit)]),
                .. Trials.Select(unit => new StepAction(StepKind.Stop, unit)),
                .. Delivery.Concat(listeners.Select(one => one.Unit)).Concat(beside)
                    .SelectMany(unit =>
                        (StepAction[])[Start(unit), new(StepKind.Enable, unit)]),
            ]),
        };

    /// <summary>Whether a unit belongs to the trial.</summary>
    internal static bool IsTrial(string unit) => UnitFiles.Trials.Contains(unit);

    private static IEnumerable<string> Trials => ((string[])["smtp", "pop3"]).Select(TrialOf);

    private static string TrialOf(string name) =>
        UnitFiles.TrialName(MailListener.All.First(one => one.Name == name));

    private static StepAction Start(string unit) => new(StepKind.Start, unit);

    private static StepAction[] Trial(string name) =>
        [new(StepKind.Trial, TrialOf(name)), Start(TrialOf(name))];
}

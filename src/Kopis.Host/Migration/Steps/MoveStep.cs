using Kopis.Host.Run;

namespace Kopis.Host.Migration.Steps;

/// <summary>The five steps of docs/MOVING.md, and what each does.</summary>
/// <param name="Title">What it comes to.</param>
/// <param name="Actions">In order.</param>
internal sealed record MoveStep(string Title, IReadOnlyList<StepAction> Actions)
{
    internal const int Last = 5;

    /// <summary>What the ports of the trial have more than the usual ones.</summary>
    internal const int TrialOffset = 10000;

    private const string TrialOf = "kopis-trial-";
    private const string Sendmail = "/usr/sbin/sendmail";
    private static readonly string[] Delivery = ["kopis-queue.service", "kopis.service"];

    // Mail servers that others install, by their units.
    private static readonly string[] Others =
        ["postfix.service", "exim4.service", "sendmail.service", "opensmtpd.service",
         "qmail.service"];

    /// <summary>The step of a number from 1 to <see cref="Last"/>.</summary>
    internal static MoveStep Of(int number) => number switch
    {
        1 => new("queue and deliveries run, and nothing listens", [.. Starts(Delivery)]),
        2 => new(
            "programs that call sendmail use Kopis", [new(StepKind.Divert, Sendmail)]),
        3 => new("SMTP at port 10025, beside the old server", Trial("smtp")),
        4 => new("POP3 at port 10110, beside the old server", Trial("pop3")),
        _ => new("the old server is stopped, and Kopis has the ports",
        [
            .. Others.SelectMany(unit => (StepAction[])
                [new(StepKind.Stop, unit), new(StepKind.Disable, unit)]),
            new(StepKind.Stop, $"{TrialOf}smtp.service"),
            new(StepKind.Stop, $"{TrialOf}pop3.service"),
            .. Starts([.. Delivery, .. MailListener.All.Select(one => one.Unit)]),
            .. Delivery.Concat(MailListener.All.Select(one => one.Unit))
                .Select(unit => new StepAction(StepKind.Enable, unit)),
        ]),
    };

    /// <summary>The listener that a unit of the trial is made after.</summary>
    internal static MailListener ListenerOf(string unit) => MailListener.All.First(
        one => unit == $"{TrialOf}{one.Name}.service");

    private static IEnumerable<StepAction> Starts(IEnumerable<string> units) =>
        units.Select(unit => new StepAction(StepKind.Start, unit));

    private static StepAction[] Trial(string name) =>
    [
        new(StepKind.Trial, $"{TrialOf}{name}.service"),
        new(StepKind.Start, $"{TrialOf}{name}.service"),
    ];
}

namespace Kopis.Tools.Journal;

/// <summary>A kind of event that is counted, and the count from which a change is worth reporting.
/// </summary>
/// <param name="Name">What it is, for people.</param>
/// <param name="Least">If both counts are below this, the change is not reported.</param>
internal sealed record DayKind(string Name, long Least)
{
    internal static readonly DayKind Accepted = new("messages taken", 20);
    internal static readonly DayKind Sender = new("messages of", 50);
    internal static readonly DayKind Refused = new("refused", 20);
    internal static readonly DayKind Delivery = new("deliveries", 20);
    internal static readonly DayKind Deferring = new("deferrals of", 10);
    internal static readonly DayKind Bounce = new("bounces", 5);
    internal static readonly DayKind LoginFailed = new("failed logins from", 20);
    internal static readonly DayKind Lost = new("records lost", 1);

    private static readonly DayKind[] All =
        [Accepted, Sender, Refused, Delivery, Deferring, Bounce, LoginFailed, Lost];

    internal static DayKind Of(string name) => All.First(kind => kind.Name == name);
}

using Kopis.Base;

namespace Kopis.Tools.Journal;

/// <summary>A line of a summary.</summary>
/// <param name="Kind">What was counted.</param>
/// <param name="Name">Which one of that kind: a check, an account, a domain.</param>
/// <param name="Before">The count in the span before.</param>
/// <param name="Now">The count in the span since.</param>
internal readonly record struct DayLine(DayKind Kind, string Name, long Before, long Now)
{
    private const int Factor = 2;

    /// <summary>Whether it is worth a line: twice as often, or half, and often enough.</summary>
    internal bool IsChanged => Math.Max(Before, Now) >= Kind.Least
        && (Now >= Factor * Before || Before >= Factor * Now);

    /// <summary>For people: printing ASCII, whatever a client called itself.</summary>
    public override string ToString() =>
        $"{Kind.Name} {PrintableText.Of(Name)}: {Now}, the day before {Before}";
}

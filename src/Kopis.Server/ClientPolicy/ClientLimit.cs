using System.Globalization;
using Kopis.Base;

namespace Kopis.Server.ClientPolicy;

/// <summary>A line of <c>control/clientlimits</c>: <c>subject:scope:count/seconds</c>; for
/// concurrent connections <c>connections:scope:count</c>.</summary>
/// <param name="Subject">What is counted.</param>
/// <param name="Scope">Whose use is counted together.</param>
/// <param name="Count">The limit.</param>
/// <param name="Period">The period; null: the limit is for concurrent connections.</param>
internal sealed record ClientLimit(
    LimitSubject Subject, LimitScope Scope, int Count, TimeSpan? Period)
{
    private const int CountMost = 1_000_000;
    private const int PeriodSecondsMost = 30 * 24 * 3600;

    /// <summary>Parses a line; null if it is not valid.</summary>
    internal static ClientLimit? TryParse(ReadOnlySpan<byte> line)
    {
        string[] words = ByteText.ToText(line).Split(':');
        if (words.Length != 3
            || SubjectOf(words[0]) is not { } subject
            || ScopeOf(words[1]) is not { } scope)
        {
            return null;
        }

        string[] numbers = words[2].Split('/');
        int? count = Number(numbers[0], CountMost);
        int? seconds = numbers.Length == 2 ? Number(numbers[1], PeriodSecondsMost) : null;
        bool isAtOneTime = numbers.Length == 1 && subject == LimitSubject.Connections;
        bool isSound = count is not null
            && (isAtOneTime || (numbers.Length == 2 && seconds is not null))
            && (subject != LimitSubject.Connections || scope != LimitScope.User);
        return isSound
            ? new ClientLimit(
                subject, scope, count!.Value,
                seconds is { } period ? TimeSpan.FromSeconds(period) : null)
            : null;
    }

    private static LimitSubject? SubjectOf(string word) => word switch
    {
        "connections" => LimitSubject.Connections,
        "messages" => LimitSubject.Messages,
        "recipients" => LimitSubject.Recipients,
        "errors" => LimitSubject.Errors,
        _ => null,
    };

    private static LimitScope? ScopeOf(string word) => word switch
    {
        "address" => LimitScope.Address,
        "network" => LimitScope.Network,
        "user" => LimitScope.User,
        _ => null,
    };

    private static int? Number(string text, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number >= 1 && number <= most ? number : null;
}

using Kopis.Net.Dmarc;

namespace Kopis.Host.Dmarc;

/// <summary>The command line of <c>kopis dmarc send</c>.</summary>
/// <param name="IsDry">--dry-run: nothing is sent, and nothing removed.</param>
/// <param name="Day">--day: only reports of that day.</param>
internal sealed record SendOptions(bool IsDry, DateOnly? Day)
{
    /// <summary>Parses the words; null if they make no sense.</summary>
    internal static SendOptions? Parse(string[] words) => words switch
    {
        [] => new SendOptions(false, null),
        ["--dry-run", .. string[] more] when Parse(more) is { } rest => rest with { IsDry = true },
        ["--day", string text, .. string[] more]
            when ReportStore.TryDay(text, out DateOnly day) && Parse(more) is { } rest =>
            rest with { Day = day },
        _ => null,
    };
}

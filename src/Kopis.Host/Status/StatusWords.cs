using System.Globalization;

namespace Kopis.Host.Status;

/// <summary>Numbers for people.</summary>
internal static class StatusWords
{
    private const double Step = 1024;
    private static readonly string[] Units = ["bytes", "KiB", "MiB", "GiB", "TiB"];

    /// <summary><c>3d 4h</c>, <c>5m 20s</c>: the two largest units.</summary>
    internal static string Age(TimeSpan age) => age switch
    {
        { TotalDays: >= 1 } => $"{age.Days}d {age.Hours}h",
        { TotalHours: >= 1 } => $"{age.Hours}h {age.Minutes}m",
        { TotalMinutes: >= 1 } => $"{age.Minutes}m {age.Seconds}s",
        _ => $"{Math.Max(0, age.Seconds)}s",
    };

    /// <summary><c>1.5 GiB</c>.</summary>
    internal static string Bytes(double bytes)
    {
        int unit = 0;
        for (; bytes >= Step && unit < Units.Length - 1; unit++)
        {
            bytes /= Step;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes:0.#} {Units[unit]}");
    }
}

using System.Globalization;

namespace Kopis.Host.Migration;

/// <summary>A file of the home that a migration changes: a line of its journal.</summary>
/// <param name="Path">Below the home.</param>
/// <param name="Before">The name of its before-image; empty where there was no file.</param>
/// <param name="After">What it is after the change: its state as text; empty while the change is
/// not finished.</param>
internal sealed record JournalEntry(string Path, string Before, string After)
{
    /// <summary>A directory that the migration made.</summary>
    internal const string MadeDirectory = "directory";

    /// <summary>The line, without its end.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Path}\t{Before}\t{After}");

    /// <summary>Reads a line; null if it is none.</summary>
    internal static JournalEntry? Parse(string line) => line.Split('\t') is [var path, var before,
        var after] && path.Length > 0 && path[0] != '/' && !path.Split('/').Contains("..")
        && before.All(char.IsAsciiLetterOrDigit)
        ? new JournalEntry(path, before, after)
        : null;
}

using System.Globalization;

namespace Kopis.Posix;

/// <summary>The priority that systemd's journal reads at the beginning of a line (sd-daemon(3)).
/// Other logs get the line without one.</summary>
public static class LogPriority
{
    private const int StandardError = 2;
    private const int MinorBitsLow = 8, MinorBitsHigh = 20; // Of dev_t (makedev(3)).
    private const uint MinorLow = 0xFF;

    private static readonly bool IsStandardErrors = IsJournal(StandardError);

    /// <summary>Whether systemd's journal reads a descriptor: JOURNAL_STREAM holds its device and
    /// inode.</summary>
    public static bool IsJournal(int fd) =>
        Environment.GetEnvironmentVariable("JOURNAL_STREAM") is { Length: > 0 } stream
        && Fd.IsOpen(fd) && stream == NameOf(fd);

    /// <summary>A line for standard error, with a priority if the journal reads it.</summary>
    public static string Mark(string line) => IsStandardErrors ? $"{Of(line)}{line}" : line;

    /// <summary>The priority of a line with <c>alert:</c>, <c>fatal:</c> or <c>warning:</c> at its
    /// beginning or after the program's name; empty for other lines.</summary>
    public static string Of(string line)
    {
        int colon = line.IndexOf(": ", StringComparison.Ordinal);
        ReadOnlySpan<char> rest = colon < 0 || line.AsSpan(0, colon).Contains(' ')
            ? line : line.AsSpan(colon + 2);
        return Begins(line, rest, "alert: ") ? "<1>"
            : Begins(line, rest, "fatal: ") ? "<3>"
            : Begins(line, rest, "warning: ") ? "<4>"
            : "";
    }

    private static bool Begins(string line, ReadOnlySpan<char> rest, string word) =>
        line.StartsWith(word, StringComparison.Ordinal) || rest.StartsWith(word);

    private static string NameOf(int fd)
    {
        ulong device = Fd.DeviceOf(fd);
        ulong minor = device & uint.MaxValue;
        ulong number = (minor & MinorLow) | ((device >> 32) << MinorBitsLow)
            | ((minor & ~(ulong)MinorLow) << (MinorBitsHigh - MinorBitsLow));
        return string.Create(CultureInfo.InvariantCulture, $"{number}:{Fd.Status(fd).Inode}");
    }
}

using System.Globalization;
using Kopis.Base;

namespace Kopis.Tools.Vacation;

/// <summary>Remembers who was answered, and when: the lines of <c>~/.vacation.senders</c> have a
/// Unix time and an address, the oldest first. Its size is limited. No I/O.</summary>
internal sealed class VacationMemory
{
    /// <summary>The most addresses; then the oldest are forgotten.</summary>
    internal const int SendersMax = 2000;

    /// <summary>The most bytes of the file: an address has 320 bytes (RFC 5321 §4.5.3.1).</summary>
    internal const int BytesMax = SendersMax * 400;

    private readonly List<(long Time, string Sender)> _answers = [];

    /// <summary>Parses the lines; malformed ones are left out.</summary>
    internal VacationMemory(ReadOnlySpan<byte> content)
    {
        foreach (string line in ByteText.ToText(content).Split('\n'))
        {
            int blank = line.IndexOf(' ', StringComparison.Ordinal);
            if (blank > 0 && long.TryParse(
                line.AsSpan(0, blank), NumberStyles.None, CultureInfo.InvariantCulture,
                out long time))
            {
                _answers.Add((time, line[(blank + 1)..]));
            }
        }
    }

    /// <summary>Whether a sender was answered within a period. A time in the future counts as now,
    /// since a clock was wrong.</summary>
    internal bool Knows(ReadOnlySpan<byte> sender, long now, long seconds)
    {
        string key = KeyOf(sender);
        return _answers.Exists(
            answer => answer.Sender == key && now - Math.Min(answer.Time, now) < seconds);
    }

    /// <summary>Remembers a sender; forgets those whose period is over, and the oldest.</summary>
    internal byte[] With(ReadOnlySpan<byte> sender, long now, long seconds)
    {
        string key = KeyOf(sender);
        _answers.RemoveAll(
            answer => answer.Sender == key || now - Math.Min(answer.Time, now) >= seconds);
        _answers.Add((now, key));
        return ByteText.ToBytes(string.Concat(_answers
            .Skip(Math.Max(0, _answers.Count - SendersMax))
            .Select(answer => string.Create(
                CultureInfo.InvariantCulture, $"{answer.Time} {answer.Sender}\n"))));
    }

    private static string KeyOf(ReadOnlySpan<byte> sender) =>
        ByteText.ToText(Ascii8.ToLower(sender[..Math.Min(sender.Length, 320)]))
            .Replace('\n', '_');
}

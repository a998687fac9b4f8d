using System.Globalization;
using Kopis.Base;

namespace Kopis.Tools.Vacation;

/// <summary>Who was answered, and when: the lines of <c>~/.vacation.senders</c>, a Unix time and an
/// address, the oldest first. Bounded. No I/O.</summary>
internal sealed class VacationMemory
{
    /// <summary>How many are remembered; then the oldest are forgotten.</summary>
    internal const int SendersMax = 2000;

    /// <summary>What the file has at most: an address is of 320 bytes (RFC 5321 §4.5.3.1).
    /// </summary>
    internal const int BytesMax = SendersMax * 400;

    private readonly List<(long Time, string Sender)> _answers = [];

    /// <summary>Reads the lines; what is not of the form is left out.</summary>
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

    /// <summary>Whether this sender was answered less than so long ago. A time to come counts as
    /// now: a clock was wrong.</summary>
    internal bool Knows(ReadOnlySpan<byte> sender, long now, long seconds)
    {
        string key = KeyOf(sender);
        return _answers.Exists(
            answer => answer.Sender == key && now - Math.Min(answer.Time, now) < seconds);
    }

    /// <summary>Remembers one; forgets those that are over, and the oldest.</summary>
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

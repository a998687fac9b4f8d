using System.Globalization;
using System.Net;

namespace Kopis.Tools.Journal;

/// <summary>The options of <c>kopis trace</c>.</summary>
internal sealed class TraceOptions
{
    private const int MessagesUsual = 20, MessagesMost = 10_000;
    private const int RecordsUsual = 100_000;

    /// <summary>What to look for; a message must have all of it.</summary>
    internal List<(byte Kind, string Value)> Wanted { get; } = [];

    /// <summary>Older records are ignored.</summary>
    internal DateTimeOffset Since { get; private set; } = DateTimeOffset.MinValue;

    /// <summary>Newer records are ignored.</summary>
    internal DateTimeOffset Until { get; private set; } = DateTimeOffset.MaxValue;

    /// <summary>How many messages to show, the last ones.</summary>
    internal int MessagesMax { get; private set; } = MessagesUsual;

    /// <summary>How many records of a message to show, the first and the last ones.</summary>
    internal int RecordsMax { get; set; } = RecordsUsual;

    /// <summary>Whether to print the records themselves.</summary>
    internal bool IsJson { get; private set; }

    /// <summary>Whether to go on with new records.</summary>
    internal bool Follows { get; private set; }

    /// <summary>Parses the arguments; null if they are not valid.</summary>
    internal static TraceOptions? Parse(IReadOnlyList<string> words, DateTimeOffset now)
    {
        TraceOptions options = new();
        for (int i = 0; i < words.Count; i++)
        {
            bool isFit = words[i] switch
            {
                "--json" => options.IsJson = true,
                "--follow" or "-f" => options.Follows = true,
                "--since" => ++i < words.Count && options.SetSince(words[i], now),
                "--until" => ++i < words.Count && options.SetUntil(words[i], now),
                "--limit" => ++i < words.Count && options.SetLimit(words[i]),
                "--qp" => ++i < words.Count && options.Add(JournalKey.Qp, words[i]),
                "--id" => ++i < words.Count && options.Add(JournalKey.MessageId, words[i]),
                _ => options.AddAny(words[i]),
            };
            if (!isFit)
            {
                return null;
            }
        }

        bool isAsked = options.Wanted.Count > 0 || options.Follows
            || options.Since > DateTimeOffset.MinValue;
        return isAsked ? options : null;
    }

    /// <summary>Parses a time: a time of day, a date with or without a time of day, both in this
    /// host's time zone; or an age such as <c>90m</c>, <c>2h</c>, <c>7d</c>. Null if it is none of
    /// these.</summary>
    internal static DateTimeOffset? ParseTime(string text, DateTimeOffset now)
    {
        if (text.Length > 1 && int.TryParse(
            text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture,
            out int count))
        {
            TimeSpan? unit = text[^1] switch
            {
                's' => TimeSpan.FromSeconds(1),
                'm' => TimeSpan.FromMinutes(1),
                'h' => TimeSpan.FromHours(1),
                'd' => TimeSpan.FromDays(1),
                _ => null,
            };
            double days = unit is { } one ? one.TotalDays * count : double.MaxValue;
            return days < (now - DateTimeOffset.MinValue).TotalDays ? now.AddDays(-days) : null;
        }

        return DateTimeOffset.TryParse(
            text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal,
            out DateTimeOffset time) ? time : null;
    }

    private bool SetSince(string text, DateTimeOffset now)
    {
        Since = ParseTime(text, now) ?? DateTimeOffset.MinValue;
        return Since > DateTimeOffset.MinValue;
    }

    private bool SetUntil(string text, DateTimeOffset now)
    {
        Until = ParseTime(text, now) ?? DateTimeOffset.MaxValue;
        return Until < DateTimeOffset.MaxValue;
    }

    private bool SetLimit(string text)
    {
        bool isFit = int.TryParse(
            text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit);
        MessagesMax = Math.Clamp(limit, 1, MessagesMost);
        return isFit && limit > 0;
    }

    // A number is a message's; an IP address a client's; what has an @ is a Message-ID in angle
    // brackets, and else an address.
    private bool AddAny(string word) =>
        word.Length > 0 && word.All(char.IsAsciiDigit) ? Add(JournalKey.Number, word)
        : IPAddress.TryParse(word, out IPAddress? address)
            ? Add(JournalKey.Client, address.ToString())
        : word.StartsWith('<') ? Add(JournalKey.MessageId, word)
        : !word.StartsWith('-') && word.Contains('@', StringComparison.Ordinal)
            && Add(JournalKey.Address, word);

    private bool Add(byte kind, string value)
    {
        bool isBare = kind == JournalKey.MessageId && !value.StartsWith('<');
        Wanted.Add((kind, isBare ? $"<{value}>" : value));
        return value.Length > 0;
    }
}

using System.Globalization;

namespace Kopis.Tools.Journal;

/// <summary>The options of <c>kopis senders</c>.</summary>
internal sealed class SendersOptions
{
    private const int RowsUsual = 20, RowsMost = SenderTable.RowsMax;
    private static readonly TimeSpan AgeUsual = TimeSpan.FromDays(1);

    private SendersOptions(DateTimeOffset now) => Since = now - AgeUsual;

    /// <summary>Older records are ignored.</summary>
    internal DateTimeOffset Since { get; private set; }

    /// <summary>Newer records are ignored.</summary>
    internal DateTimeOffset Until { get; private set; } = DateTimeOffset.MaxValue;

    /// <summary>What identifies a sender.</summary>
    internal SenderKey Key { get; private set; } = SenderKey.Sender;

    /// <summary>The measure that the senders are sorted by.</summary>
    internal Func<SenderRow, long> Measure { get; private set; } = static row => row.Messages;

    /// <summary>How many senders are printed.</summary>
    internal int RowsMax { get; private set; } = RowsUsual;

    /// <summary>Whether to print JSON.</summary>
    internal bool IsJson { get; private set; }

    /// <summary>Parses the arguments; null if they are not valid.</summary>
    internal static SendersOptions? Parse(IReadOnlyList<string> words, DateTimeOffset now)
    {
        SendersOptions options = new(now);
        for (int i = 0; i < words.Count; i++)
        {
            string word = words[i];
            bool isFit = word == "--json" ? options.IsJson = true
                : ++i < words.Count && options.Set(word, words[i], now);
            if (!isFit)
            {
                return null;
            }
        }

        return options;
    }

    private bool Set(string option, string value, DateTimeOffset now)
    {
        switch (option)
        {
            case "--since" when TraceOptions.ParseTime(value, now) is { } time:
                Since = time;
                return true;
            case "--until" when TraceOptions.ParseTime(value, now) is { } time:
                Until = time;
                return true;
            case "--by" when Enum.TryParse(value, ignoreCase: true, out SenderKey key)
                && value.All(char.IsAsciiLetter):
                Key = key;
                return true;
            case "--sort" when MeasureOf(value) is { } measure:
                Measure = measure;
                return true;
            case "--limit" when int.TryParse(
                value, NumberStyles.None, CultureInfo.InvariantCulture, out int limit)
                && limit > 0:
                RowsMax = Math.Min(limit, RowsMost);
                return true;
            default:
                return false;
        }
    }

    private static Func<SenderRow, long>? MeasureOf(string word) => word switch
    {
        "messages" => static row => row.Messages,
        "recipients" => static row => row.Recipients,
        "bytes" => static row => row.Bytes,
        _ => null,
    };
}

using System.Globalization;

namespace Kopis.Tools.Journal;

/// <summary>What <c>kopis senders</c> is asked.</summary>
internal sealed class SendersOptions
{
    private const int RowsUsual = 20, RowsMost = SenderTable.RowsMax;
    private static readonly TimeSpan AgeUsual = TimeSpan.FromDays(1);

    private SendersOptions(DateTimeOffset now) => Since = now - AgeUsual;

    /// <summary>Nothing older.</summary>
    internal DateTimeOffset Since { get; private set; }

    /// <summary>Nothing younger.</summary>
    internal DateTimeOffset Until { get; private set; } = DateTimeOffset.MaxValue;

    /// <summary>By what senders are told apart.</summary>
    internal SenderKey Key { get; private set; } = SenderKey.Sender;

    /// <summary>What the first have most of.</summary>
    internal Func<SenderRow, long> Measure { get; private set; } = static row => row.Messages;

    /// <summary>How many are printed.</summary>
    internal int RowsMax { get; private set; } = RowsUsual;

    /// <summary>Prints JSON.</summary>
    internal bool IsJson { get; private set; }

    /// <summary>Reads the words; null: they make no sense.</summary>
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

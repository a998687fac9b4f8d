using System.Globalization;
using System.Text;
using Kopis.Base;
using Kopis.Queue.Commands;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Store.State;

namespace Kopis.Host.Queue;

/// <summary>The words of a command about messages and recipients (kopis-queue(1)).</summary>
internal sealed class QueueOptions
{
    private readonly HashSet<ulong> _numbers = [];

    private QueueOptions()
    {
    }

    internal QueueSelection Selection { get; private set; } = new();

    /// <summary>All is meant, and nothing else selects.</summary>
    internal bool IsAll { get; private set; }

    internal bool IsJson { get; private set; }

    internal bool IsDry { get; private set; }

    internal byte[]? Text { get; private set; }

    internal byte[]? To { get; private set; }

    internal byte[]? Via { get; private set; }

    /// <summary>Reads the words after the verb.</summary>
    /// <returns>Null where they are not understood.</returns>
    internal static QueueOptions? Read(QueueVerb verb, ReadOnlySpan<string> words)
    {
        QueueOptions options = new();
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i];
            bool isKnown = options.TryReadFlag(word)
                || (i + 1 < words.Length && options.TryTake(word, words[i + 1]) && ++i > 0)
                || options.TryReadNumber(word);
            if (!isKnown)
            {
                return null;
            }
        }

        options.Selection = options.Selection with { Numbers = options._numbers };
        return options.Fits(verb) ? options : null;
    }

    private bool Fits(QueueVerb verb) =>
        (verb == QueueVerb.List || IsAll || !Selection.IsAll)
        && !(IsAll && !Selection.IsAll)
        && _numbers.Count <= QueueSelection.NumbersMax
        && (verb == QueueVerb.Bounce || Text is null)
        && (verb == QueueVerb.Reroute
            ? To is null != Via is null
            : To is null && Via is null);

    private bool TryReadFlag(string word)
    {
        IsAll |= word == "--all";
        IsJson |= word == "--json";
        IsDry |= word == "--dry-run";
        return word is "--all" or "--json" or "--dry-run";
    }

    private bool TryTake(string option, string value)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(value);
        switch (option)
        {
            case "--sender":
                Selection = Selection with { Sender = bytes };
                return bytes.Length < Envelope.AddressBytesMax;
            case "--recipient":
                Selection = Selection with { Recipient = bytes };
                return bytes.Length < Envelope.AddressBytesMax;
            case "--domain":
                Selection = Selection with { Domain = bytes };
                return bytes.Length < Envelope.AddressBytesMax;
            case "--destination":
                Selection = Selection with { Destination = bytes };
                return bytes.Length is > 0 and < 256;
            case "--older-than":
                Selection = Selection with { OlderThan = Seconds(value) };
                return Selection.OlderThan is not null;
            case "--younger-than":
                Selection = Selection with { YoungerThan = Seconds(value) };
                return Selection.YoungerThan is not null;
            case "--text":
                Text = value.EndsWith('\n') ? bytes : [.. bytes, (byte)'\n'];
                return Text.Length <= QueueRequest.TextBytesMax && !Text.Contains((byte)0);
            case "--via":
                Via = bytes.Length == 0 ? bytes : StateRoutes.Parse(bytes);
                return Via is not null;
            case "--to":
                To = bytes;
                return true;
            default:
                return false;
        }
    }

    private bool TryReadNumber(string word) =>
        word.StartsWith('-') ? false
        : MessageNumber.TryParse(Encoding.UTF8.GetBytes(word), out ulong number)
            ? _numbers.Add(number) || true
        : throw new ConfigurationException($"not a message number: {word}", ExitCode.Permanent);

    /// <summary>A number of seconds, or of s, m, h or d.</summary>
    private static long? Seconds(string text)
    {
        int unit = text is [.., 'm'] ? 60
            : text is [.., 'h'] ? 3600
            : text is [.., 'd'] ? 86_400
            : 1;
        string digits = text is [.., 's' or 'm' or 'h' or 'd'] ? text[..^1] : text;
        return uint.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out uint n)
            ? (long)n * unit
            : null;
    }
}

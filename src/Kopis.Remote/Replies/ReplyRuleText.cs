using System.Globalization;
using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Queue.Spawn;

namespace Kopis.Remote.Replies;

/// <summary>Parses lines of control/replies: a pattern, keys about the reply, keys about what
/// follows, and at the end optionally <c>text=</c> with a part of the reply.</summary>
internal static class ReplyRuleText
{
    private const int LineBytesMax = 1000;
    private const int TextBytesMax = 200;
    private const int SecondsMax = 86_400; // qmail-send pauses no longer.
    private const int NumberMax = 10_000; // Deliveries of qmail-rspawn at once.
    private const int UsualSeconds = 300;

    /// <summary>The form of a line, for people.</summary>
    internal const string Shape = "PATTERN with code=, status=, class= or text=, and pause=, "
        + "slow=, fewer=, source, retry=, next or none";

    /// <summary>Parses a line; null if it is not valid.</summary>
    internal static ReplyRule? Parse(byte[] line)
    {
        if (line.Length > LineBytesMax)
        {
            return null;
        }

        string lower = ByteText.ToText(Ascii8.ToLower(line)).Replace('\t', ' ');
        int at = lower.IndexOf(" text=", StringComparison.Ordinal);
        string text = at < 0 ? "" : lower[(at + " text=".Length)..].Trim(' ');
        string[] words = (at < 0 ? lower : lower[..at]).Split(
            ' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 2 || text.Length > TextBytesMax || (at >= 0 && text.Length == 0)
            || OfPattern(words[0]) is not { } rule)
        {
            return null;
        }

        Keys keys = new() { Rule = rule with { Text = ByteText.ToBytes(text) } };
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach (string word in words.AsSpan(1))
        {
            int equals = word.IndexOf('=');
            string key = equals < 0 ? word : word[..equals];
            if (!seen.Add(key) || !keys.TryRead(key, equals < 0 ? null : word[(equals + 1)..]))
            {
                return null;
            }
        }

        return keys.End();
    }

    private static ReplyRule? OfPattern(string word)
    {
        bool isOfServer = word.StartsWith("mx:", StringComparison.Ordinal);
        string name = isOfServer ? word[3..] : word;
        return word == "*" ? new ReplyRule { Name = "" }
            : name.Length is > 0 and <= 255 && name != "."
                && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'
                    || (isOfServer && c == ':'))
                ? new ReplyRule { Name = name, IsOfServer = isOfServer }
            : null;
    }

    private static int? Number(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        && number >= least && number <= most ? number : null;

    /// <summary>Parses the keys of a line one after another.</summary>
    private sealed class Keys
    {
        private bool _hasCondition;
        private bool _hasAction;
        private bool _isNone;
        private int? _for;

        internal required ReplyRule Rule { get; set; }

        internal bool TryRead(string key, string? value) => (key, value) switch
        {
            ("code", { Length: 3 }) => TryCode(value),
            ("status", not null) => TryStatus(value),
            ("class", not null) => TryClass(value),
            ("pause", not null) => TrySeconds(ReplyAction.PauseDestination, value),
            ("retry", not null) => TrySeconds(ReplyAction.RetryMessage, value),
            ("slow", [.., '/', 'm']) => TryValue(ReplyAction.SlowDown, value[..^2]),
            ("fewer", not null) => TryValue(ReplyAction.FewerConnections, value),
            ("source", null) => TryAct(ReplyAction.OtherAddress),
            ("none", null) => _isNone = TryAct(ReplyAction.None),
            ("next", null) => Set(Rule with { TriesNext = true }),
            ("said", null) => Set(Rule with { IsSaid = true }),
            ("for", not null) => (_for = Number(value, 1, SecondsMax)) is not null,
            _ => false,
        };

        internal ReplyRule? End()
        {
            bool hasFor = Rule.Action is ReplyAction.SlowDown or ReplyAction.FewerConnections
                or ReplyAction.OtherAddress;
            // After a final refusal there is no next time and no next server. A code of 450 with
            // status 5.7.1 is unusual, and is temporary.
            bool isForGood = Rule.CodeLeast >= 500
                || (Rule.CodeMost == 0 && Rule.Status.StartsWith('5'));
            bool isSound = (_hasCondition || Rule.Text.Length > 0)
                && (_hasAction || Rule.TriesNext) && !(_isNone && Rule.TriesNext)
                && (_for is null || hasFor)
                && !(isForGood && (Rule.TriesNext || Rule.Action == ReplyAction.RetryMessage))
                && (!Rule.IsSaid || Rule.Action is ReplyAction.RetryMessage
                    or ReplyAction.PauseDestination);
            return !isSound ? null
                : hasFor ? Rule with { Seconds = (uint)(_for ?? UsualSeconds) }
                : Rule;
        }

        private bool Set(ReplyRule rule)
        {
            Rule = rule;
            return true;
        }

        private bool TryAct(ReplyAction action)
        {
            bool isFirst = !_hasAction;
            _hasAction = true;
            return isFirst && Set(Rule with { Action = action });
        }

        private bool TrySeconds(ReplyAction action, string value) =>
            Number(value, 1, SecondsMax) is { } seconds && TryAct(action)
            && Set(Rule with { Seconds = (uint)seconds });

        private bool TryValue(ReplyAction action, string value) =>
            Number(value, 1, NumberMax) is { } number && TryAct(action)
            && Set(Rule with { Value = (ushort)number });

        // A code as 421, 45x or 4xx.
        private bool TryCode(string value)
        {
            string digits = value.TrimEnd('x');
            int width = digits.Length switch { 3 => 1, 2 => 10, 1 => 100, _ => 0 };
            if (width == 0 || Number(digits, 1, 599) is not { } number)
            {
                return false;
            }

            int least = number * width;
            _hasCondition = true;
            return least is >= 400 and < 600
                && Set(Rule with { CodeLeast = least, CodeMost = least + width - 1 });
        }

        // A status as 4.7.28, 4.7.* or 4.*
        private bool TryStatus(string value)
        {
            string status = value.EndsWith(".*", StringComparison.Ordinal) ? value[..^1] : value;
            _hasCondition = true;
            return status.Length is >= 2 and <= 9 && status[0] is '4' or '5' && status[1] == '.'
                && status.All(c => c == '.' || char.IsAsciiDigit(c))
                && Set(Rule with { Status = status });
        }

        private bool TryClass(string value)
        {
            _hasCondition = true;
            return BounceClassNames.Find(value) is { } found && Set(Rule with { Class = found });
        }
    }
}

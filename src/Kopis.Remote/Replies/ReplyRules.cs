using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Remote.Replies;

/// <summary><c>control/replies</c>: what follows from replies of other hosts. The first line that
/// matches counts; the lines of the file come before the default ones of the catalogue.</summary>
internal sealed class ReplyRules
{
    /// <summary>Each reply that is not a success is compared with all lines.</summary>
    private const int RulesMax = 1000;

    private static readonly ReplyRule[] Usual =
    [
        .. RemoteFiles.Replies.Usual.Select(line => ReplyRuleText.Parse(ByteText.ToBytes(line))
            ?? throw new InvalidOperationException(line)),
    ];

    private readonly ReplyRule[] _rules;

    private ReplyRules(IEnumerable<ReplyRule> own)
    {
        _rules = [.. own, .. Usual];
        TryNext = Array.Exists(_rules, rule => rule.TriesNext);
    }

    /// <summary>The rules if there is no file.</summary>
    internal static ReplyRules Default { get; } = new([]);

    /// <summary>Whether some line tries another server.</summary>
    internal bool TryNext { get; }

    /// <summary>Reads the file. A faulty line is ignored, with a warning.</summary>
    /// <exception cref="ConfigurationException">The file cannot be read, or has too many lines.
    /// </exception>
    internal static ReplyRules Read(ControlDirectory control)
    {
        List<ReplyRule> own = [];
        IReadOnlyList<string>? faults = control.ReadEach(
            RemoteFiles.Replies,
            line =>
            {
                if (ReplyRuleText.Parse(line) is not { } rule)
                {
                    return false;
                }

                own.Add(rule);
                return true;
            },
            ReplyRuleText.Shape);
        return own.Count > RulesMax
            ? throw control.Bad(RemoteFiles.Replies, $"more than {RulesMax} lines")
            : faults is null ? Default : new ReplyRules(own);
    }

    /// <summary>The line for a reply; null if none matches.</summary>
    internal ReplyRule? Find(ReplyFacts facts) =>
        Array.Find(_rules, rule => rule.Fits(facts));
}

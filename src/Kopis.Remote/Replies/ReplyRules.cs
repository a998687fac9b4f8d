using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Remote.Replies;

/// <summary><c>control/replies</c>: what follows from replies of other hosts. The first line that
/// fits counts, those of the file before the usual ones of the catalogue.</summary>
internal sealed class ReplyRules
{
    /// <summary>Each reply that is no success is held against all lines.</summary>
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

    /// <summary>Without a file.</summary>
    internal static ReplyRules Default { get; } = new([]);

    /// <summary>Some line has another server tried.</summary>
    internal bool TryNext { get; }

    /// <summary>Reads the file. A wrong line is ignored, with a warning.</summary>
    /// <exception cref="ConfigurationException">It cannot be read, or has too many lines.
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

    /// <summary>The line for a reply; null where none is for it.</summary>
    internal ReplyRule? Find(ReplyFacts facts) =>
        Array.Find(_rules, rule => rule.Fits(facts));
}

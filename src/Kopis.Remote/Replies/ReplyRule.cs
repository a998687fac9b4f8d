using Kopis.Mail.Dsn;
using Kopis.Queue.Spawn;

namespace Kopis.Remote.Replies;

/// <summary>A line of control/replies: which replies it matches, and what follows from them.
/// </summary>
internal sealed record ReplyRule
{
    /// <summary>A domain, or a suffix that begins with a dot; empty: any.</summary>
    internal required string Name { get; init; }

    /// <summary>Whether the name is the server's, not the recipient's domain.</summary>
    internal bool IsOfServer { get; init; }

    /// <summary>The codes that it matches; 0 and 0: any code, or none.</summary>
    internal int CodeLeast { get; init; }

    /// <inheritdoc cref="CodeLeast"/>
    internal int CodeMost { get; init; }

    /// <summary>The enhanced status, or its beginning including a dot; empty: any.</summary>
    internal string Status { get; init; } = "";

    /// <summary>The class; None: any.</summary>
    internal BounceClass Class { get; init; }

    /// <summary>A text in lower case that the reply contains; empty: any.</summary>
    internal byte[] Text { get; init; } = [];

    /// <summary>What the scheduler is asked to do.</summary>
    internal ReplyAction Action { get; init; }

    /// <summary>For how many seconds.</summary>
    internal uint Seconds { get; init; }

    /// <summary>The number that belongs to the action.</summary>
    internal ushort Value { get; init; }

    /// <summary>Whether a time in the reply itself replaces the seconds.</summary>
    internal bool IsSaid { get; init; }

    /// <summary>Whether the domain's next server is tried at once.</summary>
    internal bool TriesNext { get; init; }

    /// <summary>Whether it matches a reply. The time is bounded by the lengths of the reply and of
    /// the text.</summary>
    internal bool Fits(ReplyFacts facts) =>
        (CodeMost == 0 || (facts.CodeByLetter >= CodeLeast && facts.CodeByLetter <= CodeMost))
        && (Class == BounceClass.None || facts.Class == Class)
        && FitsStatus(facts.Status)
        && FitsName(IsOfServer ? facts.Server : facts.Domain)
        && (Text.Length == 0
            || (facts.CodeByLetter != 0 && facts.Reply.AsSpan().IndexOf(Text) >= 0));

    private bool FitsStatus(string status) => Status.Length == 0
        || (Status[^1] == '.' ? status.StartsWith(Status, StringComparison.Ordinal)
            : status == Status);

    private bool FitsName(string name) => Name.Length == 0
        || (Name[0] == '.' ? name.EndsWith(Name, StringComparison.Ordinal) : name == Name);
}

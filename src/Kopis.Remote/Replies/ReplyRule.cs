using Kopis.Mail.Dsn;
using Kopis.Queue.Spawn;

namespace Kopis.Remote.Replies;

/// <summary>A line of control/replies: which replies it is for, and what follows from them.
/// </summary>
internal sealed record ReplyRule
{
    /// <summary>A domain, or a suffix that begins with a dot; empty: any.</summary>
    internal required string Name { get; init; }

    /// <summary>The name is that of the server, and not of the recipient's domain.</summary>
    internal bool IsOfServer { get; init; }

    /// <summary>The codes that it is for; 0 and 0: any, and none.</summary>
    internal int CodeLeast { get; init; }

    /// <inheritdoc cref="CodeLeast"/>
    internal int CodeMost { get; init; }

    /// <summary>The enhanced status, or what it begins with up to a dot; empty: any.</summary>
    internal string Status { get; init; } = "";

    /// <summary>The class; None: any.</summary>
    internal BounceClass Class { get; init; }

    /// <summary>In lower case, and somewhere in the reply; empty: any.</summary>
    internal byte[] Text { get; init; } = [];

    /// <summary>What the scheduler is asked for.</summary>
    internal ReplyAction Action { get; init; }

    /// <summary>For so long.</summary>
    internal uint Seconds { get; init; }

    /// <summary>A number of the action.</summary>
    internal ushort Value { get; init; }

    /// <summary>A time that the reply itself names counts instead.</summary>
    internal bool IsSaid { get; init; }

    /// <summary>The domain's next server is tried at once.</summary>
    internal bool TriesNext { get; init; }

    /// <summary>Whether it is for a reply. Takes at most the length of the reply and of the
    /// text.</summary>
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

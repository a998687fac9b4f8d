namespace Kopis.Server.ClientPolicy;

/// <summary>The rule of <c>control/clientname</c> for clients without a proven name.</summary>
internal enum NameRule
{
    /// <summary>There is no check.</summary>
    None,

    /// <summary>Their mail is marked.</summary>
    Tag,

    /// <summary>Their mail is deferred.</summary>
    Defer,

    /// <summary>Their mail is refused.</summary>
    Require,
}

namespace Kopis.Server.ClientPolicy;

/// <summary>What <c>control/clientname</c> says of clients without a proven name.</summary>
internal enum NameRule
{
    /// <summary>Nothing: nobody asks.</summary>
    None,

    /// <summary>Their mail is marked.</summary>
    Tag,

    /// <summary>They shall try again.</summary>
    Defer,

    /// <summary>No mail is taken from them.</summary>
    Require,
}

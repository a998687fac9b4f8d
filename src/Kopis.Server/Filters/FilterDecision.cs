namespace Kopis.Server.Filters;

/// <summary>What a filter wants to become of a message.</summary>
internal enum FilterDecision
{
    /// <summary>It goes on.</summary>
    Continue,

    /// <summary>It goes on, and this filter wants no more of it.</summary>
    Accept,

    /// <summary>It is refused.</summary>
    Refuse,

    /// <summary>It is taken, and goes nowhere.</summary>
    Discard,
}

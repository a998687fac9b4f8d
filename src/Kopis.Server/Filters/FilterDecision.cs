namespace Kopis.Server.Filters;

/// <summary>A filter's decision about a message.</summary>
internal enum FilterDecision
{
    /// <summary>The message goes on to the next filter.</summary>
    Continue,

    /// <summary>The message goes on, and this filter need not see more of it.</summary>
    Accept,

    /// <summary>The message is refused.</summary>
    Refuse,

    /// <summary>The message is accepted and dropped.</summary>
    Discard,
}

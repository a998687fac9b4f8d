namespace Kopis.Web.Live;

/// <summary>What the plots count.</summary>
internal enum Rate
{
    /// <summary>Messages that came into the queue.</summary>
    Received,

    /// <summary>Recipients that got theirs.</summary>
    Delivered,

    /// <summary>Deliveries that are tried again.</summary>
    Deferred,

    /// <summary>Recipients that failed.</summary>
    Failed,

    /// <summary>What clients were refused.</summary>
    Refused,
}

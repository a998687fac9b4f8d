namespace Kopis.Web.Live;

/// <summary>What the plots count.</summary>
internal enum Rate
{
    /// <summary>Messages that entered the queue.</summary>
    Received,

    /// <summary>Recipients that were delivered.</summary>
    Delivered,

    /// <summary>Deliveries that failed for now and are tried again.</summary>
    Deferred,

    /// <summary>Recipients that failed for good.</summary>
    Failed,

    /// <summary>Refusals to clients.</summary>
    Refused,
}

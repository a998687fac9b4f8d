namespace Kopis.Server.Smtp;

/// <summary>How the data of one message ended.</summary>
internal enum SmtpMessageEnd
{
    /// <summary>At the line with the dot; it may be queued.</summary>
    Whole,

    /// <summary>At the line with the dot, with too many hops, or with only recipients that already
    /// had it.</summary>
    Looping,

    /// <summary>At the line with the dot, larger than databytes.</summary>
    TooBig,

    /// <summary>At a bare CR or LF.</summary>
    StrayLineEnd,

    /// <summary>The client was too slow.</summary>
    TimedOut,

    /// <summary>The client went away.</summary>
    Broken,
}

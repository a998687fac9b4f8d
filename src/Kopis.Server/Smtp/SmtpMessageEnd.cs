namespace Kopis.Server.Smtp;

/// <summary>How the data of one message ended.</summary>
internal enum SmtpMessageEnd
{
    /// <summary>At its dot line; it may be queued.</summary>
    Whole,

    /// <summary>At its dot line, after too many hops, or all recipients already had it.</summary>
    Looping,

    /// <summary>At its dot line, over databytes.</summary>
    TooBig,

    /// <summary>At a bare CR or LF.</summary>
    StrayLineEnd,

    /// <summary>The client was too slow.</summary>
    TimedOut,

    /// <summary>The client went away.</summary>
    Broken,
}

namespace Kopis.Server.Submission;

/// <summary>The result of an AUTH.</summary>
internal enum SmtpLoginEnd
{
    /// <summary>The client has its reply, and the session goes on.</summary>
    Done,

    /// <summary>As Done, but the name or password was wrong.</summary>
    Failed,

    /// <summary>The client has its reply, and the session ends.</summary>
    Expelled,

    /// <summary>The client did not answer in time.</summary>
    TimedOut,

    /// <summary>The listener is ending.</summary>
    Stopped,

    /// <summary>The client has left.</summary>
    Broken,
}

namespace Kopis.Net;

/// <summary>What follows a line.</summary>
public enum LineStep
{
    /// <summary>The next line.</summary>
    Continue,

    /// <summary>Something that is not a line, or is asynchronous: message data, a password check.
    /// The input after the line is not read.</summary>
    Pause,

    /// <summary>Something asynchronous, before which replies need not be sent. The pump returns
    /// without sending them, and sends them with later ones when it runs again.</summary>
    Wait,

    /// <summary>The end, after the reply was sent.</summary>
    Close,
}

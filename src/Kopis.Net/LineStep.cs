namespace Kopis.Net;

/// <summary>What a line leads to.</summary>
public enum LineStep
{
    /// <summary>The next line.</summary>
    Continue,

    /// <summary>
    /// Something that is not a line, or not synchronous: message data, a password check. What
    /// follows in the input stays there.
    /// </summary>
    Pause,

    /// <summary>
    /// Something that is not synchronous, of which replies written so far need not be told: the
    /// pump returns with them unsent, and sends them with what follows when it is run again.
    /// </summary>
    Wait,

    /// <summary>The end, after the reply is out.</summary>
    Close,
}

namespace Kopis.Net;

/// <summary>Why a <see cref="LinePump"/> returned. All replies have been sent, except with
/// <see cref="Waiting"/>.</summary>
public enum PumpEnd
{
    /// <summary>The protocol asked for it; the pump can be run again.</summary>
    Paused,

    /// <summary>As Paused, but replies wait for the next run, so that a batch is answered in one
    /// write.</summary>
    Waiting,

    /// <summary>The protocol closed the session.</summary>
    Closed,

    /// <summary>The peer closed its side.</summary>
    EndOfInput,

    /// <summary>No whole line came in time, or the peer did not read our replies.</summary>
    TimedOut,

    /// <summary>The listener is ending; no line was cut off.</summary>
    Stopped,

    /// <summary>The connection broke.</summary>
    Broken,
}

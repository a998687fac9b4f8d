namespace Kopis.Mail.Milter;

/// <summary>What follows from a filter's reply.</summary>
public enum MilterStep
{
    /// <summary>The next stage.</summary>
    Continue,

    /// <summary>Another reply follows.</summary>
    Wait,

    /// <summary>A part of the new body, and another reply follows.</summary>
    BodyPart,

    /// <summary>The rest of the body is not wanted.</summary>
    Skip,

    /// <summary>The message is taken as far as this filter is concerned.</summary>
    Accept,

    /// <summary>It is refused: <see cref="MilterDialog.Answer"/>.</summary>
    Refuse,

    /// <summary>It is taken and forgotten.</summary>
    Discard,

    /// <summary>That was no reply to what was said: <see cref="MilterDialog.Fault"/>.</summary>
    Fault,
}

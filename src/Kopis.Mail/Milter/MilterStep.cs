namespace Kopis.Mail.Milter;

/// <summary>The consequence of a filter's reply.</summary>
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

    /// <summary>The message is accepted as far as this filter is concerned.</summary>
    Accept,

    /// <summary>It is refused: <see cref="MilterDialog.Answer"/>.</summary>
    Refuse,

    /// <summary>The message is accepted and discarded.</summary>
    Discard,

    /// <summary>The reply does not fit: <see cref="MilterDialog.Fault"/>.</summary>
    Fault,
}

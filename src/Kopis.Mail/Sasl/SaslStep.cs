namespace Kopis.Mail.Sasl;

/// <summary>What follows in a SASL exchange.</summary>
public enum SaslStep
{
    /// <summary>The client is not let in.</summary>
    Failed,

    /// <summary>What it said is none of the mechanism's messages.</summary>
    Malformed,

    /// <summary>The client took it back, by <c>*</c>.</summary>
    Cancelled,

    /// <summary>It is not known at present.</summary>
    Later,

    /// <summary>Send the challenge and take a line.</summary>
    Challenge,

    /// <summary>Have the question answered.</summary>
    Ask,

    /// <summary>The client is who it says.</summary>
    Done,
}

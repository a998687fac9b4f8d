namespace Kopis.Mail.Sasl;

/// <summary>What follows in a SASL exchange.</summary>
public enum SaslStep
{
    /// <summary>The login is refused.</summary>
    Failed,

    /// <summary>The response does not fit the mechanism.</summary>
    Malformed,

    /// <summary>The client cancelled the exchange with <c>*</c>.</summary>
    Cancelled,

    /// <summary>The answer is not known at present.</summary>
    Later,

    /// <summary>A challenge must be sent and a line read.</summary>
    Challenge,

    /// <summary>The question must be answered.</summary>
    Ask,

    /// <summary>The login is successful.</summary>
    Done,
}

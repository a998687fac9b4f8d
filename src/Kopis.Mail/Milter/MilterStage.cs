namespace Kopis.Mail.Milter;

/// <summary>The stages that have macros, with their numbers (SMFIM_*).</summary>
public enum MilterStage
{
    /// <summary>The connection.</summary>
    Connect = 0,

    /// <summary>HELO or EHLO.</summary>
    Helo = 1,

    /// <summary>MAIL.</summary>
    Sender = 2,

    /// <summary>RCPT.</summary>
    Recipient = 3,

    /// <summary>DATA.</summary>
    Data = 4,

    /// <summary>The end of the message.</summary>
    EndOfMessage = 5,

    /// <summary>The end of its header.</summary>
    EndOfHeader = 6,
}

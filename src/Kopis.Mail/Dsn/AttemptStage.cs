namespace Kopis.Mail.Dsn;

/// <summary>How far an attempt to deliver came: where it failed, or the last step of one that did
/// not. The numbers are in frames and records, and stay.</summary>
public enum AttemptStage : byte
{
    /// <summary>Nothing was asked of the network.</summary>
    None = 0,

    /// <summary>DNS, and finding the way.</summary>
    Lookup = 1,

    /// <summary>The connection.</summary>
    Connect = 2,

    /// <summary>The server's greeting.</summary>
    Greeting = 3,

    /// <summary>STARTTLS and the handshake.</summary>
    Tls = 4,

    /// <summary>EHLO or HELO.</summary>
    Hello = 5,

    /// <summary>The login at a relay.</summary>
    Auth = 6,

    /// <summary>MAIL.</summary>
    Mail = 7,

    /// <summary>RCPT.</summary>
    Rcpt = 8,

    /// <summary>DATA, before the message.</summary>
    Data = 9,

    /// <summary>The message itself, and the reply to its end.</summary>
    Message = 10,
}

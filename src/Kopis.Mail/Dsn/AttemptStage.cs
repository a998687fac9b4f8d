namespace Kopis.Mail.Dsn;

/// <summary>How far an attempt to deliver came: the stage where it failed, or its last stage if it
/// succeeded. The numbers are stored in frames and records, so they must not change.</summary>
public enum AttemptStage : byte
{
    /// <summary>Nothing was asked of the network.</summary>
    None = 0,

    /// <summary>DNS look-ups and the choice of the route.</summary>
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

    /// <summary>DATA, before the message was sent.</summary>
    Data = 9,

    /// <summary>The message itself, and the final reply to it.</summary>
    Message = 10,
}

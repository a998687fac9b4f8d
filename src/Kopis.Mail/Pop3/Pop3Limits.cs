namespace Kopis.Mail.Pop3;

/// <summary>What a POP3 client may ask of us at most.</summary>
public static class Pop3Limits
{
    /// <summary>
    /// A command line without its line end. RFC 2449 §4 allows 255 octets; names and passwords may
    /// fill the 512 bytes that checkpassword takes (contract §10.2), and base64 makes them longer.
    /// </summary>
    public const int LineBytesMax = 1024;

    /// <summary>Lines without a login, after which the session ends; qmail has no bound.</summary>
    public const int LinesBeforeLoginMax = 100;
}

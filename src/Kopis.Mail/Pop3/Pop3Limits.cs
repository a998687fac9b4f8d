namespace Kopis.Mail.Pop3;

/// <summary>Limits of what a POP3 client may send.</summary>
public static class Pop3Limits
{
    /// <summary>The longest command line without its line end. RFC 2449 §4 allows 255 octets; names
    /// and passwords may fill the 512 bytes that checkpassword reads (contract §10.2), and base64
    /// makes them longer.</summary>
    public const int LineBytesMax = 1024;

    /// <summary>How many lines without a login end the session; qmail has no limit.</summary>
    public const int LinesBeforeLoginMax = 100;
}

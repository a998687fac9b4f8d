namespace Kopis.Mail;

/// <summary>The answer to CAPA (RFC 2449), which qmail does not know.</summary>
internal static class Pop3Capabilities
{
    /// <summary>The same before a login that may still be encrypted (RFC 2595 §4).</summary>
    internal static ReadOnlySpan<byte> ReplyWithTls =>
        "+OK \r\nTOP\r\nUIDL\r\nUSER\r\nSASL PLAIN\r\nPIPELINING\r\n"u8
        + "EXPIRE NEVER\r\nSTLS\r\n.\r\n"u8;

    /// <summary>The whole answer, before the login and after it.</summary>
    internal static ReadOnlySpan<byte> Reply =>
        "+OK \r\nTOP\r\nUIDL\r\nUSER\r\nSASL PLAIN\r\nPIPELINING\r\nEXPIRE NEVER\r\n.\r\n"u8;
}

namespace Kopis.Mail;

/// <summary>The answer to CAPA (RFC 2449), which qmail does not know.</summary>
internal static class Pop3Capabilities
{
    /// <summary>The whole answer, before the login and after it.</summary>
    internal static ReadOnlySpan<byte> Reply =>
        "+OK \r\nTOP\r\nUIDL\r\nUSER\r\nSASL PLAIN\r\nPIPELINING\r\nEXPIRE NEVER\r\n.\r\n"u8;
}

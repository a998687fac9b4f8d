using System.Buffers;

namespace Kopis.Mail.Pop3;

/// <summary>The answer to CAPA (RFC 2449), which qmail does not know.</summary>
internal static class Pop3Capabilities
{
    private static ReadOnlySpan<byte> Before => "+OK \r\nTOP\r\nUIDL\r\n"u8;

    // Response codes by RFC 2449 and RFC 3206, names and passwords of UTF-8 by RFC 6856.
    private static ReadOnlySpan<byte> After =>
        "PIPELINING\r\nEXPIRE NEVER\r\nRESP-CODES\r\nAUTH-RESP-CODE\r\nUTF8 USER\r\n"u8;

    /// <summary>Writes the answer before the login.</summary>
    internal static void Write(IBufferWriter<byte> to, Pop3Offer offer)
    {
        to.Write(Before);
        if (offer.Passwords)
        {
            to.Write("USER\r\n"u8);
        }

        if (!offer.Sasl.IsEmpty)
        {
            to.Write("SASL "u8);
            to.Write(offer.Sasl.ToBytes());
            to.Write("\r\n"u8);
        }

        to.Write(After);
        to.Write(offer.Tls ? "STLS\r\n.\r\n"u8 : ".\r\n"u8);
    }

    /// <summary>Writes the answer after the login; a separate process writes it, which knows less.
    /// </summary>
    internal static void WriteAfterLogin(IBufferWriter<byte> to)
    {
        to.Write(Before);
        to.Write("USER\r\nSASL PLAIN\r\n"u8);
        to.Write(After);
        to.Write(".\r\n"u8);
    }
}

using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Addresses;
using Kopis.Mail.Dsn;

namespace Kopis.Mail.SmtpClient;

/// <summary>The commands of a transaction, with the parameters that the server supports. No address
/// or parameter contains a CR, LF or NUL; both were checked long before.</summary>
public static class SmtpClientCommands
{
    /// <summary>Writes MAIL, with those of the sender's parameters that the server supports.
    /// </summary>
    /// <param name="to">The output.</param>
    /// <param name="sender">The envelope sender, unquoted.</param>
    /// <param name="parameters">The sender's parameters.</param>
    /// <param name="traits">The properties of the message.</param>
    /// <param name="offers">What the server offers.</param>
    /// <param name="utf8">Whether something needs SMTPUTF8, which is offered.</param>
    public static void WriteMail(
        IBufferWriter<byte> to, ReadOnlySpan<byte> sender, MessageParameters parameters,
        MessageTraits traits, ServerOffers offers, bool utf8)
    {
        to.Write("MAIL FROM:<"u8);
        to.Write(AddressQuote.Quote(sender));
        to.Write(">"u8);
        if (offers.Size)
        {
            to.Write(ByteText.ToBytes($" SIZE={traits.WireBytes}"));
        }

        MessageParameters said = new()
        {
            Body = Body(parameters, traits, offers),
            SmtpUtf8 = utf8,
            Return = offers.Dsn ? parameters.Return : ReturnContent.Unsaid,
            EnvelopeId = offers.Dsn ? parameters.EnvelopeId : null,
            RequireTls = parameters.RequireTls,
        };
        WriteParameters(to, said.ToBytes());
    }

    /// <summary>Writes RCPT, with its DSN parameters if the server supports them.</summary>
    public static void WriteRcpt(
        IBufferWriter<byte> to, ReadOnlySpan<byte> recipient, RecipientParameters parameters,
        ServerOffers offers)
    {
        to.Write("RCPT TO:<"u8);
        to.Write(AddressQuote.Quote(recipient));
        to.Write(">"u8);
        WriteParameters(to, offers.Dsn ? parameters.ToBytes() : []);
    }

    /// <summary>Writes BDAT; that many bytes must follow at once.</summary>
    public static void WriteBdat(IBufferWriter<byte> to, int length, bool isLast)
    {
        to.Write(ByteText.ToBytes($"BDAT {length}"));
        to.Write(isLast ? " LAST\r\n"u8 : "\r\n"u8);
    }

    /// <summary>A client that declares everything as binary may well send plain text.</summary>
    private static BodyKind Body(
        MessageParameters parameters, MessageTraits traits, ServerOffers offers) =>
        parameters.Body == BodyKind.BinaryMime && traits.IsBinary ? BodyKind.BinaryMime
        : offers.EightBitMime && traits.HasEightBits ? BodyKind.EightBitMime
        : BodyKind.Plain;

    private static void WriteParameters(IBufferWriter<byte> to, ReadOnlySpan<byte> parameters)
    {
        to.Write(parameters.IsEmpty ? [] : " "u8);
        to.Write(parameters);
        to.Write("\r\n"u8);
    }
}

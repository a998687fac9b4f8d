using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Addresses;
using Kopis.Mail.Dsn;

namespace Kopis.Mail.SmtpClient;

/// <summary>The commands of a transaction as a client writes them, for what the server offers.
/// No address and no parameter may hold a CR, LF or NUL; both are checked long before.</summary>
public static class SmtpClientCommands
{
    /// <summary>MAIL, with what the server knows of what the sender said.</summary>
    /// <param name="to">Where the line goes.</param>
    /// <param name="sender">The envelope sender, not quoted.</param>
    /// <param name="parameters">What its sender said.</param>
    /// <param name="traits">What the message is like.</param>
    /// <param name="offers">What the server offers.</param>
    /// <param name="utf8">Something of it needs SMTPUTF8, which is offered.</param>
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

    /// <summary>RCPT, with its DSN parameters where the server knows them.</summary>
    public static void WriteRcpt(
        IBufferWriter<byte> to, ReadOnlySpan<byte> recipient, RecipientParameters parameters,
        ServerOffers offers)
    {
        to.Write("RCPT TO:<"u8);
        to.Write(AddressQuote.Quote(recipient));
        to.Write(">"u8);
        WriteParameters(to, offers.Dsn ? parameters.ToBytes() : []);
    }

    /// <summary>BDAT; that many bytes are to follow at once.</summary>
    public static void WriteBdat(IBufferWriter<byte> to, int length, bool isLast)
    {
        to.Write(ByteText.ToBytes($"BDAT {length}"));
        to.Write(isLast ? " LAST\r\n"u8 : "\r\n"u8);
    }

    /// <summary>A client that calls all it sends binary may well send plain text.</summary>
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

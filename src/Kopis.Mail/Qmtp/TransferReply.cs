using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Qmtp;

/// <summary>The answers of the QMTP and QMQP servers, letter and text (contract §9.2, §9.3).
/// </summary>
public static class TransferReply
{
    /// <summary>QMTP: the sender is too long or has a NUL; this is the answer for each recipient.
    /// </summary>
    public static ReadOnlySpan<byte> BadSender => "Dunacceptable sender (#5.1.7)"u8;

    /// <summary>QMTP: the message is over databytes.</summary>
    public static ReadOnlySpan<byte> TooBig =>
        "Dsorry, that message size exceeds my databytes limit (#5.3.4)"u8;

    /// <summary>QMTP: a stranger's mail, which checks that only SMTP can make might refuse.
    /// </summary>
    public static ReadOnlySpan<byte> NotChecked =>
        "Dsorry, mail from strangers is checked here: it has to come by SMTP (#5.7.1)"u8;

    /// <summary>QMQP: an address is too long or has a NUL.</summary>
    public static ReadOnlySpan<byte> BadAddress =>
        "Dsorry, I can't accept addresses like that (#5.1.3)"u8;

    /// <summary>QMQP: more recipients than a message may have.</summary>
    public static ReadOnlySpan<byte> TooManyRecipients =>
        "Dsorry, that message has too many recipients (#5.5.3)"u8;

    /// <summary>The message is in the queue.</summary>
    public static byte[] Accepted(DateTimeOffset time, long qp) =>
        ByteText.ToBytes($"Kok {time.ToUnixTimeSeconds()} qp {qp}");

    /// <summary>The netstring for one recipient of QMTP.</summary>
    /// <param name="to">The output.</param>
    /// <param name="verdict">The verdict on the recipient.</param>
    /// <param name="outcome">The result of the message, for accepted recipients.</param>
    public static void Write(
        IBufferWriter<byte> to, QmtpVerdict verdict, ReadOnlySpan<byte> outcome) =>
        Netstring.Write(to, Of(verdict, outcome));

    /// <summary>The same without the netstring's length.</summary>
    public static ReadOnlySpan<byte> Of(QmtpVerdict verdict, ReadOnlySpan<byte> outcome) =>
        verdict switch
        {
            QmtpVerdict.Accepted => outcome,
            QmtpVerdict.NotOurs =>
                "Dsorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)"u8,
            QmtpVerdict.Looping => "Dtoo many hops, this message is looping (#5.4.6)"u8,
            QmtpVerdict.BadSrs =>
                "Dsorry, that address of forwarded mail is not mine, or too old (#5.1.1)"u8,
            QmtpVerdict.Later => "Zunable to look that address up (#4.3.0)"u8,
            QmtpVerdict.TooMany => "Ztoo many recipients (#4.5.3)"u8,
            _ => "Dsorry, I can't handle that recipient (#5.1.3)"u8,
        };
}

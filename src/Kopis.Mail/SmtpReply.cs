using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail;

/// <summary>Replies of qmail-smtpd that are not the session's own (contract §9.1).</summary>
public static class SmtpReply
{
    /// <summary>To a message over databytes, announced or sent.</summary>
    public static ReadOnlySpan<byte> TooBig =>
        "552 sorry, that message size exceeds my databytes limit (#5.3.4)\r\n"u8;

    /// <summary>To a message that has been through too many hosts.</summary>
    public static ReadOnlySpan<byte> Looping =>
        "554 too many hops, this message is looping (#5.4.6)\r\n"u8;

    /// <summary>To a line end in message data that is not CRLF; the session ends.</summary>
    public static ReadOnlySpan<byte> StrayLineEnd =>
        "451 See https://cr.yp.to/docs/smtplf.html.\r\n"u8;

    /// <summary>The last words in the clear; the TLS patch of netqmail has them so.</summary>
    public static ReadOnlySpan<byte> ReadyForTls => "220 ready for tls\r\n"u8;

    /// <summary>
    /// To a client that sent more along with STARTTLS; the session ends. RFC 3207 §4.2 lets us drop
    /// it, but who does so either mistakes us or wants words taken for encrypted ones.
    /// </summary>
    public static ReadOnlySpan<byte> PlaintextAhead =>
        "554 nothing may follow STARTTLS before its reply (#5.5.0)\r\n"u8;

    /// <summary>To a client that keeps us waiting; the session ends.</summary>
    public static ReadOnlySpan<byte> TimedOut => "451 timeout (#4.4.2)\r\n"u8;

    /// <summary>To all, where a control file is missing or cannot be understood.</summary>
    public static ReadOnlySpan<byte> NoControls =>
        "421 unable to read controls (#4.3.0)\r\n"u8;

    /// <summary>To a client that waits between commands while the listener ends.</summary>
    public static ReadOnlySpan<byte> Ending => "421 going down (#4.3.2)\r\n"u8;

    /// <summary>Where the queue program cannot even be started.</summary>
    public static ReadOnlySpan<byte> NoQueue => "451 qqt failure (#4.3.0)\r\n"u8;

    /// <summary>The promise: the message is queued.</summary>
    /// <param name="reply">Where to.</param>
    /// <param name="time">Now.</param>
    /// <param name="qp">The number in the queue's own Received line.</param>
    public static void Accepted(IBufferWriter<byte> reply, DateTimeOffset time, long qp) =>
        reply.Write(ByteText.ToBytes($"250 ok {time.ToUnixTimeSeconds()} qp {qp}\r\n"));

    /// <summary>
    /// The queue's refusal: its text, whose first letter is D or Z (contract §5.1).
    /// </summary>
    public static void Refused(IBufferWriter<byte> reply, ReadOnlySpan<byte> text)
    {
        reply.Write(text is [(byte)'D', ..] ? "554 "u8 : "451 "u8);
        foreach (byte b in text[Math.Min(1, text.Length)..])
        {
            // A queue program of another make may write anything; the reply stays one line.
            reply.Write([b is < 32 or 127 ? (byte)' ' : b]);
        }

        reply.Write("\r\n"u8);
    }
}

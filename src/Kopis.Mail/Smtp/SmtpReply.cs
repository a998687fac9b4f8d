using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Dsn;

namespace Kopis.Mail.Smtp;

/// <summary>The replies of qmail-smtpd (contract §9.1), and ours.</summary>
public static class SmtpReply
{
    /// <summary>The reply to a message over databytes, announced or sent.</summary>
    public static readonly SmtpAnswer TooBig =
        new("552 5.3.4 sorry, that message size exceeds my databytes limit");

    /// <summary>The reply to a message that has been through too many hosts.</summary>
    public static readonly SmtpAnswer Looping =
        new("554 5.4.6 too many hops, this message is looping");

    /// <summary>The reply to a line end in message data that is not CRLF; the session ends.
    /// </summary>
    public static readonly SmtpAnswer StrayLineEnd = new(
        "451", "4.6.0", "See https://cr.yp.to/docs/smtplf.html.");

    /// <summary>The last reply before TLS, as in the TLS patch of netqmail.</summary>
    public static readonly SmtpAnswer ReadyForTls = new("220", "2.0.0", "ready for tls");

    /// <summary>The reply to a client that sent more data along with STARTTLS; the session ends.
    /// RFC 3207 §4.2 would let us drop that data, but either the client is broken, or somebody
    /// wants plain text to be taken for encrypted.</summary>
    public static readonly SmtpAnswer PlaintextAhead =
        new("554 5.5.0 nothing may follow STARTTLS before its reply");

    /// <summary>The reply to a client that keeps us waiting; the session ends.</summary>
    public static readonly SmtpAnswer TimedOut = new("451 4.4.2 timeout");

    /// <summary>The reply to all commands if a control file is missing or cannot be parsed.
    /// </summary>
    public static readonly SmtpAnswer NoControls = new("421 4.3.0 unable to read controls");

    /// <summary>The reply to a client that has too many connections already.</summary>
    public static readonly SmtpAnswer TooManyConnections =
        new("421 4.7.0 too many connections from you, try again later");

    /// <summary>The reply to a client that is between commands when the listener ends.</summary>
    public static readonly SmtpAnswer Ending = new("421 4.3.2 going down");

    /// <summary>The reply if the queue program cannot be started.</summary>
    public static readonly SmtpAnswer NoQueue = new("451 4.3.0 qqt failure");

    /// <summary>The reply to XCLIENT with an attribute that is not offered, or a value that is not
    /// an address or port.</summary>
    public static readonly SmtpAnswer BadAttribute =
        new("501 5.5.4 not a client attribute");

    /// <summary>The reply to a client whose address our rules deny.</summary>
    public static readonly SmtpAnswer Denied = new("421 4.7.0 no connections from that address");

    internal static readonly SmtpAnswer SenderOk = new("250", "2.1.0", "ok");
    internal static readonly SmtpAnswer RecipientOk = new("250", "2.1.5", "ok");
    internal static readonly SmtpAnswer Ok = new("250", "2.0.0", "ok");
    internal static readonly SmtpAnswer Flushed = new("250", "2.0.0", "flushed");
    internal static readonly SmtpAnswer GoAhead = new("354", "", "go ahead");
    internal static readonly SmtpAnswer Verify = new(
        "252", "2.1.5", "send some mail, i'll try my best");

    internal static readonly SmtpAnswer Help = new(
        "214", "2.0.0", "notqmail home page: https://notqmail.org");

    internal static readonly SmtpAnswer Unimplemented = new("502 5.5.1 unimplemented");
    internal static readonly SmtpAnswer LineTooLong = new("500 5.5.2 line too long");
    internal static readonly SmtpAnswer NoAddress = new("555 5.5.4 syntax error");
    internal static readonly SmtpAnswer MailFirst = new("503 5.5.1 MAIL first");
    internal static readonly SmtpAnswer RcptFirst = new("503 5.5.1 RCPT first");
    internal static readonly SmtpAnswer InChunks = new("503 5.5.1 a message has begun by BDAT");
    internal static readonly SmtpAnswer InTransaction =
        new("503 5.5.1 not in the middle of a message");

    internal static readonly SmtpAnswer BadSender =
        new("553 5.7.1 sorry, your envelope sender is in my badmailfrom list");

    /// <summary>The reply to a recipient in badmailto.</summary>
    public static readonly SmtpAnswer BadRecipient =
        new("553 5.7.1 sorry, your envelope recipient is in my badmailto list");

    /// <summary>The reply to each recipient of a client whose name is in badhelo.</summary>
    public static readonly SmtpAnswer BadHelo =
        new("553 5.7.1 sorry, your HELO name is in my badhelo list");

    internal static readonly SmtpAnswer NotOurs =
        new("553 5.7.1 sorry, that domain isn't in my list of allowed rcpthosts");

    internal static readonly SmtpAnswer NoMailbox =
        new("550 5.1.1 sorry, no mailbox here by that name");

    internal static readonly SmtpAnswer BadSrs = new(
        "550 5.1.1 sorry, that address of forwarded mail is not mine, or too old");

    internal static readonly SmtpAnswer MailboxFull = new("452 4.2.2 that mailbox is full");
    internal static readonly SmtpAnswer RecipientLater =
        new("451 4.3.0 unable to look that address up");

    internal static readonly SmtpAnswer TooManyRecipients = new("452 4.5.3 too many recipients");
    internal static readonly SmtpAnswer BadParameter =
        new("501 5.5.4 a parameter has a wrong value");

    internal static readonly SmtpAnswer NoBinary = new("504 5.6.1 BINARYMIME is not supported");
    internal static readonly SmtpAnswer RequiresTls =
        new("530 5.7.10 REQUIRETLS needs STARTTLS first");

    internal static readonly SmtpAnswer NotUtf8 = new("553 5.6.7 address is not valid UTF-8");
    internal static readonly SmtpAnswer NoChunkSize = new("501 5.5.4 BDAT needs a size");
    internal static readonly SmtpAnswer AlreadyEncrypted = new("503 5.5.1 already encrypted");
    internal static readonly SmtpAnswer NoArguments = new("501 5.5.4 STARTTLS has no parameters");
    internal static readonly SmtpAnswer AlreadyAuthenticated =
        new("503 5.5.1 already authenticated");

    internal static readonly SmtpAnswer TooMuch = new("421 4.7.0 too many errors or idle commands");

    /// <summary>A reply that names the host.</summary>
    internal static void Name(
        IBufferWriter<byte> reply, ReadOnlySpan<byte> code, ReadOnlySpan<byte> host,
        ReadOnlySpan<byte> after = default)
    {
        reply.Write(code);
        reply.Write(host);
        reply.Write(after);
        reply.Write("\r\n"u8);
    }

    /// <summary>The reply that promises delivery: the message is in the queue.</summary>
    /// <param name="reply">The output.</param>
    /// <param name="enhanced">Whether the client supports status codes.</param>
    /// <param name="time">The present time.</param>
    /// <param name="qp">The number in the queue's own Received line.</param>
    public static void Accepted(
        IBufferWriter<byte> reply, bool enhanced, DateTimeOffset time, long qp)
    {
        reply.Write(enhanced ? "250 2.0.0 "u8 : "250 "u8);
        reply.Write(ByteText.ToBytes($"ok {time.ToUnixTimeSeconds()} qp {qp}\r\n"));
    }

    /// <summary>The reply to a chunk that is not the last.</summary>
    public static void ChunkTaken(IBufferWriter<byte> reply, bool enhanced, long size)
    {
        reply.Write(enhanced ? "250 2.0.0 "u8 : "250 "u8);
        reply.Write(ByteText.ToBytes($"{size} octets taken\r\n"));
    }

    /// <summary>The queue's refusal: its text, which begins with D or Z (contract §5.1).</summary>
    public static void Refused(
        IBufferWriter<byte> reply, bool enhanced, ReadOnlySpan<byte> text)
    {
        bool lasts = text is [(byte)'D', ..];
        reply.Write(lasts ? "554 "u8 : "451 "u8);
        if (enhanced)
        {
            ReadOnlySpan<byte> known = lasts ? "5.3.0 "u8 : "4.3.0 "u8;
            ReadOnlySpan<byte> said = EnhancedStatus.InOwnWords(text);
            reply.Write(said is [byte kind, ..] && kind == known[0] ? [.. said, (byte)' '] : known);
        }

        foreach (byte b in text[Math.Min(1, text.Length)..])
        {
            // A queue program of another make may write anything; the reply stays one line.
            reply.Write([b is < 32 or 127 ? (byte)' ' : b]);
        }

        reply.Write("\r\n"u8);
    }
}

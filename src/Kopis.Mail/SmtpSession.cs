using System.Buffers;
using System.Globalization;
using Kopis.Base;

namespace Kopis.Mail;

/// <summary>
/// The server's side of one SMTP session: command lines in, replies out. No I/O, no clock. The
/// replies are qmail-smtpd's, byte for byte (contract §9.1).
/// </summary>
public sealed class SmtpSession(ISmtpPolicy policy)
{
    private const int RecipientsKeptBytes = 4096; // A buffer over this is not kept while idle.
    private ArrayBufferWriter<byte> _recipients = new();
    private byte[]? _sender; // Null: no transaction is open.
    private bool _senderIsBad;
    private int _errors;
    private int _idleCommands;

    /// <summary>What the client called itself last; null before HELO and EHLO.</summary>
    public byte[]? Helo { get; private set; }

    /// <summary>Whether it did so by EHLO.</summary>
    public bool IsExtended { get; private set; }

    /// <summary>The first reply.</summary>
    public void Greet(IBufferWriter<byte> reply) => Say(reply, "220 "u8, " ESMTP\r\n"u8);

    /// <summary>Takes one command line, without its line end.</summary>
    public SmtpStep OnLine(ReadOnlySpan<byte> line, IBufferWriter<byte> reply)
    {
        SmtpCommand command = SmtpCommand.Parse(line);
        SmtpStep step = command.Verb switch
        {
            SmtpVerb.Mail => Mail(command.Argument, reply),
            SmtpVerb.Rcpt => Rcpt(command.Argument, reply),
            SmtpVerb.Data => Data(reply),
            SmtpVerb.Helo => Hello(command.Argument, reply),
            SmtpVerb.Ehlo => ExtendedHello(command.Argument, reply),
            SmtpVerb.Rset => Reset(reply),
            SmtpVerb.Noop => Say(reply, "250 ok\r\n"u8),
            SmtpVerb.Help => Say(reply, "214 notqmail home page: https://notqmail.org\r\n"u8),
            SmtpVerb.Vrfy => Say(reply, "252 send some mail, i'll try my best\r\n"u8),
            SmtpVerb.Quit => Quit(reply),
            SmtpVerb.StartTls => StartTls(command.Argument, reply),
            _ => Error(reply, "502 unimplemented (#5.5.1)\r\n"u8),
        };
        return step == SmtpStep.NextLine ? BoundPatience(reply) : step;
    }

    /// <summary>Takes a line that was too long to keep.</summary>
    public SmtpStep OnLineTooLong(IBufferWriter<byte> reply)
    {
        Error(reply, "500 line too long (#5.5.2)\r\n"u8);
        return BoundPatience(reply);
    }

    /// <summary>
    /// The envelope of the message that DATA began: <c>F</c>sender<c>\0</c>, for each recipient
    /// <c>T</c>recipient<c>\0</c>, and a last <c>\0</c> (contract §5.1). Closes the transaction.
    /// </summary>
    public byte[] TakeEnvelope()
    {
        byte[] envelope = [(byte)'F', .. _sender!, 0, .. _recipients.WrittenSpan, 0];
        Forget();
        return envelope;
    }

    /// <summary>Tells that the message of the last envelope was queued.</summary>
    public void OnQueued() => _idleCommands = 0;

    private SmtpStep Mail(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        if (!SmtpPath.TryParse(argument, out byte[] address, out ReadOnlySpan<byte> parameters))
        {
            return Error(reply, "555 syntax error (#5.5.4)\r\n"u8);
        }

        if (policy.MessageBytesMax > 0
            && SmtpParameters.Size(parameters) > policy.MessageBytesMax)
        {
            return Say(reply, SmtpReply.TooBig);
        }

        Forget();
        _sender = policy.NameOwnAddress(address);
        _senderIsBad = policy.IsBadSender(_sender);
        return Say(reply, "250 ok\r\n"u8);
    }

    private SmtpStep Rcpt(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        if (_sender is null)
        {
            return Say(reply, "503 MAIL first (#5.5.1)\r\n"u8);
        }

        if (!SmtpPath.TryParse(argument, out byte[] address, out _))
        {
            return Error(reply, "555 syntax error (#5.5.4)\r\n"u8);
        }

        if (_senderIsBad)
        {
            return Say(
                reply,
                "553 sorry, your envelope sender is in my badmailfrom list (#5.7.1)\r\n"u8);
        }

        address = policy.NameOwnAddress(address);
        if (policy.RelayClient is { } suffix)
        {
            address = [.. address, .. suffix];
        }
        else if (!policy.IsOurs(address))
        {
            return Say(
                reply,
                "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)\r\n"u8);
        }

        if (_recipients.WrittenCount + address.Length > SmtpLimits.RecipientsBytesMax)
        {
            return Say(reply, "452 too many recipients (#4.5.3)\r\n"u8);
        }

        _recipients.Write("T"u8);
        _recipients.Write(address);
        _recipients.Write("\0"u8);
        _idleCommands--; // OnLine's count of this line; it did bring a message nearer.
        return Say(reply, "250 ok\r\n"u8);
    }

    private SmtpStep Data(IBufferWriter<byte> reply)
    {
        if (_sender is null)
        {
            return Say(reply, "503 MAIL first (#5.5.1)\r\n"u8);
        }

        if (_recipients.WrittenCount == 0)
        {
            return Say(reply, "503 RCPT first (#5.5.1)\r\n"u8);
        }

        Say(reply, "354 go ahead\r\n"u8);
        return SmtpStep.ReadMessage;
    }

    private SmtpStep Hello(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        Helo = argument.ToArray();
        IsExtended = false;
        Forget();
        return Say(reply, "250 "u8, "\r\n"u8);
    }

    private SmtpStep ExtendedHello(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        Helo = argument.ToArray();
        Forget();
        IsExtended = true;
        Say(reply, "250-"u8, "\r\n250-PIPELINING\r\n"u8);
        if (policy.OffersTls)
        {
            Say(reply, "250-STARTTLS\r\n"u8);
        }

        Say(reply, "250-SIZE "u8);
        Span<byte> digits = reply.GetSpan(20);
        policy.MessageBytesMax.TryFormat(
            digits, out int length, provider: CultureInfo.InvariantCulture);
        reply.Advance(length);
        return Say(reply, "\r\n250 8BITMIME\r\n"u8);
    }

    private SmtpStep StartTls(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        if (policy.IsEncrypted)
        {
            return Say(reply, "503 already encrypted (#5.5.1)\r\n"u8);
        }

        if (!policy.OffersTls)
        {
            return Error(reply, "502 unimplemented (#5.5.1)\r\n"u8);
        }

        return argument.IsEmpty
            ? SmtpStep.StartTls
            : Error(reply, "501 STARTTLS has no parameters (#5.5.4)\r\n"u8);
    }

    private SmtpStep Reset(IBufferWriter<byte> reply)
    {
        Forget();
        return Say(reply, "250 flushed\r\n"u8);
    }

    private SmtpStep Quit(IBufferWriter<byte> reply)
    {
        Say(reply, "221 "u8, "\r\n"u8);
        return SmtpStep.Quit;
    }

    private SmtpStep Error(IBufferWriter<byte> reply, ReadOnlySpan<byte> text)
    {
        _errors++;
        return Say(reply, text);
    }

    private SmtpStep BoundPatience(IBufferWriter<byte> reply)
    {
        _idleCommands++;
        if (_errors < SmtpLimits.ErrorsMax && _idleCommands < SmtpLimits.IdleCommandsMax)
        {
            return SmtpStep.NextLine;
        }

        Say(reply, "421 too many errors or idle commands (#4.7.0)\r\n"u8);
        return SmtpStep.Expel;
    }

    private void Forget()
    {
        _sender = null;
        if (_recipients.Capacity > RecipientsKeptBytes)
        {
            _recipients = new ArrayBufferWriter<byte>();
        }

        _recipients.ResetWrittenCount();
    }

    private SmtpStep Say(
        IBufferWriter<byte> reply, ReadOnlySpan<byte> before, ReadOnlySpan<byte> after)
    {
        reply.Write(before);
        reply.Write(policy.Greeting.Span);
        reply.Write(after);
        return SmtpStep.NextLine;
    }

    private static SmtpStep Say(IBufferWriter<byte> reply, ReadOnlySpan<byte> text)
    {
        reply.Write(text);
        return SmtpStep.NextLine;
    }
}

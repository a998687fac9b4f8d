using System.Buffers;
using System.Text.Unicode;
using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Mail.Sasl;

namespace Kopis.Mail.Smtp;

/// <summary>
/// The server's side of one SMTP session: command lines in, replies out. No I/O, no clock. For each
/// command there is a check, whether it may come now and is sound, and then what it does. After
/// HELO the replies are qmail-smtpd's, byte for byte (contract §9.1); after EHLO they carry status
/// codes.
/// </summary>
public sealed class SmtpSession(ISmtpPolicy policy)
{
    private readonly ServerTransaction _transaction = new();
    private RecipientParameters _parameters;
    private RoutedRecipient _recipient; // Of the last RCPT.
    private int _errors;
    private int _refused;
    private int _idleCommands;

    /// <summary>What the client called itself last; null before HELO and EHLO.</summary>
    public byte[]? Helo { get; private set; }

    /// <summary>Whether it did so by EHLO.</summary>
    public bool IsExtended { get; private set; }

    /// <summary>Whether replies carry status codes.</summary>
    public bool IsEnhanced { get; private set; }

    /// <summary>Who the client has shown to be; null before.</summary>
    public byte[]? User { get; private set; }

    /// <summary>Errors, and recipients refused for good.</summary>
    public int Faults => _errors + _refused;

    /// <summary>Whether the message under way has addresses or header fields in UTF-8.</summary>
    public bool IsUtf8 => _transaction.IsUtf8;

    /// <summary>The envelope sender of the message that is being sent.</summary>
    public byte[] Sender => _transaction.Sender;

    /// <summary>Whether a message has begun to come by BDAT.</summary>
    public bool IsChunking => _transaction.IsChunking;

    /// <summary>With <see cref="SmtpStep.ReadChunk"/>: what follows in the input.</summary>
    public SmtpChunk Chunk { get; private set; }

    /// <summary>With <see cref="SmtpStep.ReadChunk"/>: why the chunk must be dropped; null if it
    /// is to be kept.</summary>
    public SmtpAnswer? ChunkRefusal { get; private set; }

    /// <summary>With <see cref="SmtpStep.Ask"/>: what is to be asked.</summary>
    public SmtpQuestion Question { get; private set; }

    /// <summary>What followed the verb of the last command that needs more than a reply.</summary>
    public ReadOnlyMemory<byte> Argument { get; private set; }

    /// <summary>The first reply.</summary>
    /// <param name="reply">Where to.</param>
    /// <param name="helo">What the client is known to call itself already, by XCLIENT.</param>
    public void Greet(IBufferWriter<byte> reply, byte[]? helo)
    {
        Helo = helo;
        reply.Write("220 "u8);
        reply.Write(policy.Greeting.Span);
        reply.Write(" ESMTP\r\n"u8);
    }

    /// <summary>Reads one command line, without its line end.</summary>
    public SmtpStep OnLine(ReadOnlySpan<byte> line, IBufferWriter<byte> reply)
    {
        SmtpCommand command = SmtpCommand.Parse(line);
        SmtpStep step = command.Verb switch
        {
            SmtpVerb.Mail => Mail(command.Argument, reply),
            SmtpVerb.Rcpt => Rcpt(command.Argument, reply),
            SmtpVerb.Data => Data(reply),
            SmtpVerb.Bdat => Bdat(command.Argument, reply),
            SmtpVerb.Helo => Hello(command.Argument, reply),
            SmtpVerb.Ehlo => ExtendedHello(command.Argument, reply),
            SmtpVerb.Rset => Reset(reply),
            SmtpVerb.Noop => Say(reply, SmtpReply.Ok),
            SmtpVerb.Help => Say(reply, SmtpReply.Help),
            SmtpVerb.Vrfy => Say(reply, SmtpReply.Verify),
            SmtpVerb.Quit => Quit(reply),
            SmtpVerb.StartTls => StartTls(command.Argument, reply),
            SmtpVerb.Auth => Auth(command.Argument, reply),
            SmtpVerb.XClient => XClient(command.Argument, reply),
            _ => OnError(SmtpReply.Unimplemented, reply),
        };
        return step == SmtpStep.NextLine ? BoundPatience(reply) : step;
    }

    /// <summary>Reads a line that was too long to keep.</summary>
    public SmtpStep OnLineTooLong(IBufferWriter<byte> reply)
    {
        OnError(SmtpReply.LineTooLong, reply);
        return BoundPatience(reply);
    }

    /// <summary>Reads the answer to <see cref="Question"/>; another may follow it.</summary>
    public SmtpStep OnAnswer(LookupVerdict verdict, IBufferWriter<byte> reply)
    {
        SmtpStep step = Question.Sender is null
            ? AddRecipient(verdict, reply)
            : AuthoriseSender(verdict, reply);
        return step == SmtpStep.NextLine ? BoundPatience(reply) : step;
    }

    /// <summary>Takes the happy end of an AUTH exchange; its reply is the exchange's.</summary>
    public void OnAuthenticated(byte[] user) => User = user;

    /// <summary>Refuses what the client should have known; a number of these ends the session.
    /// </summary>
    public SmtpStep OnError(SmtpAnswer answer, IBufferWriter<byte> reply)
    {
        _errors++;
        return Say(reply, answer);
    }

    /// <summary>Writes a reply in the session's form.</summary>
    public SmtpStep Say(IBufferWriter<byte> reply, SmtpAnswer answer)
    {
        answer.WriteTo(reply, IsEnhanced);
        return SmtpStep.NextLine;
    }

    /// <summary>The envelope of the message that DATA or the last BDAT ended; see
    /// <see cref="ServerTransaction.ToEnvelope"/>. Closes the transaction.</summary>
    public byte[] DetachEnvelope()
    {
        byte[] envelope = _transaction.ToEnvelope();
        _transaction.Forget();
        return envelope;
    }

    /// <summary>What each recipient of the message under way is called where it is delivered, in
    /// order; null for one that is not delivered here.</summary>
    public byte[]?[] LocalRecipients() => _transaction.Locals();

    /// <summary>Whether the message under way has this recipient and no other.</summary>
    public bool IsOnlyFor(ReadOnlySpan<byte> address) =>
        _transaction.Recipients == 1 && _transaction.Has(address);

    /// <summary>Suppresses all reports to the sender on a recipient.</summary>
    /// <param name="number">Which of <see cref="LocalRecipients"/>.</param>
    public void Silence(int number) => _transaction.Silence(number);

    /// <summary>Gives the message under way up: it cannot be taken.</summary>
    public void Abandon() => _transaction.Forget();

    /// <summary>Tells that the message of the last envelope was queued, or that much of it came.
    /// </summary>
    public void OnProgress() => _idleCommands = 0;

    // Commands -----------------------------------------------------------------------------------

    private SmtpStep Mail(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        if (_transaction.IsChunking)
        {
            return Say(reply, SmtpReply.InChunks);
        }

        MessageParameters kept = default;
        SmtpAnswer? fault =
            !SmtpPath.TryParse(argument, out byte[] address, out ReadOnlySpan<byte> parameters)
                ? SmtpReply.NoAddress
            : IsExtended ? SmtpParameters.ReadMail(
                parameters, policy.ExtensionsFor(User), out kept)
            : null;
        fault ??= kept.SmtpUtf8 && !Utf8.IsValid(address) ? SmtpReply.NotUtf8 : null;
        if (fault is not null)
        {
            return OnError(fault, reply);
        }

        if (policy.MessageBytesMax > 0
            && SmtpParameters.Size(parameters) > policy.MessageBytesMax)
        {
            return Say(reply, SmtpReply.TooBig);
        }

        if (policy.RefuseMail(User) is { } held)
        {
            return Say(reply, held);
        }

        address = policy.NameOwnAddress(address);
        bool isInDoubt = false;
        if (policy.Submission?.OnMail(User, address, out isInDoubt) is { } unfit)
        {
            return OnError(unfit, reply);
        }

        _transaction.Open(address, policy.IsBadSender(address), isInDoubt, kept);
        return Say(reply, SmtpReply.SenderOk);
    }

    private SmtpStep Rcpt(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        _parameters = default;
        return CheckRcpt(argument, reply) is { } refused ? refused
            : _transaction.SenderInDoubt is { } sender ? Ask(sender)
            : FindRecipient(reply);
    }

    // Null: nothing speaks against it but perhaps the sender, or that there is no such address.
    private SmtpStep? CheckRcpt(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        if (!_transaction.IsOpen)
        {
            return Say(reply, SmtpReply.MailFirst);
        }

        if (_transaction.IsChunking)
        {
            return Say(reply, SmtpReply.InChunks);
        }

        SmtpAnswer? fault =
            !SmtpPath.TryParse(argument, out byte[] address, out ReadOnlySpan<byte> parameters)
                || address.Length == 0 // <> is nobody, as a recipient.
                ? SmtpReply.NoAddress
            : !IsExtended ? null
            : SmtpParameters.ReadRcpt(
                parameters, policy.ExtensionsFor(User), out _parameters);
        fault ??= _transaction.IsUtf8 && !Utf8.IsValid(address) ? SmtpReply.NotUtf8 : null;
        if (fault is not null)
        {
            return OnError(fault, reply);
        }

        if (_transaction.SenderIsBad)
        {
            return Say(reply, SmtpReply.BadSender);
        }

        address = policy.NameOwnAddress(address);
        _recipient = policy.Route(
            policy.RelayClient is { } suffix ? [.. address, .. suffix] : address);
        if (policy.RelayClient is null && User is null && !policy.IsOurs(_recipient))
        {
            _refused++;
            return Say(reply, SmtpReply.NotOurs);
        }

        return _transaction.Recipients >= policy.RecipientsMaxFor(User)
            && !_transaction.Has(_recipient.Address)
                ? Say(reply, SmtpReply.TooManyRecipients)
            : policy.RefuseRecipient(User) is { } held ? Say(reply, held)
            : null;
    }

    private SmtpStep Ask(byte[]? sender)
    {
        Question = new SmtpQuestion(sender, _recipient);
        return SmtpStep.Ask;
    }

    private SmtpStep AuthoriseSender(LookupVerdict verdict, IBufferWriter<byte> reply)
    {
        switch (verdict)
        {
            case LookupVerdict.Yes:
                _transaction.TrustSender();
                return FindRecipient(reply);
            case LookupVerdict.No:
                return OnError(AuthReply.NotYourAddress, reply);
            default:
                return Say(reply, SmtpReply.RecipientLater);
        }
    }

    private SmtpStep FindRecipient(IBufferWriter<byte> reply)
    {
        LookupVerdict? verdict =
            policy.Recipients is { } check ? check.Known(_recipient) : LookupVerdict.Yes;
        return verdict is { } known ? AddRecipient(known, reply) : Ask(sender: null);
    }

    private SmtpStep AddRecipient(LookupVerdict verdict, IBufferWriter<byte> reply)
    {
        // Whose mail we relay we know, and a bounce would reach him: his program cannot wait.
        if (verdict == LookupVerdict.Later && (User ?? policy.RelayClient) is not null)
        {
            verdict = LookupVerdict.Yes;
        }

        switch (verdict)
        {
            case LookupVerdict.Yes when _transaction.TryAdd(
                _recipient, _parameters, policy.RecipientsBytesMaxFor(User)):
                _idleCommands--; // The count of this line; it did bring a message nearer.
                return Say(reply, SmtpReply.RecipientOk);
            case LookupVerdict.Yes:
                return Say(reply, SmtpReply.TooManyRecipients);
            case LookupVerdict.No:
                _refused++;
                return Say(reply, SmtpReply.NoMailbox);
            case LookupVerdict.Full:
                return Say(reply, SmtpReply.MailboxFull);
            default:
                return Say(reply, SmtpReply.RecipientLater);
        }
    }

    private SmtpAnswer? CheckMessage() =>
        !_transaction.IsOpen ? SmtpReply.MailFirst
        : _transaction.Recipients == 0 ? SmtpReply.RcptFirst
        : null;

    private SmtpStep Data(IBufferWriter<byte> reply)
    {
        if (_transaction.IsChunking)
        {
            return Say(reply, SmtpReply.InChunks);
        }

        if (CheckMessage() is { } refusal)
        {
            return Say(reply, refusal);
        }

        Say(reply, SmtpReply.GoAhead);
        return SmtpStep.ReadMessage;
    }

    // A chunk that is refused comes all the same, and must not be taken for commands.
    private SmtpStep Bdat(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        if (!policy.Extensions.HasFlag(SmtpExtensions.Chunking))
        {
            return OnError(SmtpReply.Unimplemented, reply);
        }

        if (!SmtpChunk.TryParse(argument, out SmtpChunk chunk))
        {
            Say(reply, SmtpReply.NoChunkSize);
            return SmtpStep.Expel;
        }

        Chunk = chunk;
        ChunkRefusal = CheckMessage();
        _transaction.IsChunking |= ChunkRefusal is null;
        return BoundPatience(reply) == SmtpStep.Expel ? SmtpStep.Expel : SmtpStep.ReadChunk;
    }

    private SmtpStep Hello(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        OnHello(argument, extended: false);
        return Say(reply, "250 "u8);
    }

    private SmtpStep ExtendedHello(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        OnHello(argument, extended: true);
        SmtpExtensionList.Write(reply, policy, User);
        return SmtpStep.NextLine;
    }

    private void OnHello(ReadOnlySpan<byte> name, bool extended)
    {
        Helo = name.ToArray();
        IsExtended = extended;
        IsEnhanced =
            extended && policy.Extensions.HasFlag(SmtpExtensions.EnhancedStatusCodes);
        _transaction.Forget();
    }

    private SmtpStep StartTls(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply) =>
        policy.IsEncrypted ? Say(reply, SmtpReply.AlreadyEncrypted)
        : !policy.Extensions.HasFlag(SmtpExtensions.StartTls)
            ? OnError(SmtpReply.Unimplemented, reply)
        : !argument.IsEmpty ? OnError(SmtpReply.NoArguments, reply)
        : SmtpStep.StartTls;

    private SmtpStep Auth(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        Argument = argument.ToArray();
        return !policy.Extensions.HasFlag(SmtpExtensions.Auth)
                ? OnError(SmtpReply.Unimplemented, reply)
            : User is not null ? OnError(SmtpReply.AlreadyAuthenticated, reply)
            : _transaction.IsOpen ? OnError(SmtpReply.InTransaction, reply)
            : SmtpStep.Authenticate;
    }

    private SmtpStep XClient(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        Argument = argument.ToArray();
        return !policy.Extensions.HasFlag(SmtpExtensions.XClient)
                ? OnError(SmtpReply.Unimplemented, reply)
            : _transaction.IsOpen ? OnError(SmtpReply.InTransaction, reply)
            : SmtpStep.XClient;
    }

    private SmtpStep Reset(IBufferWriter<byte> reply)
    {
        _transaction.Forget();
        return Say(reply, SmtpReply.Flushed);
    }

    private SmtpStep Quit(IBufferWriter<byte> reply)
    {
        Say(reply, IsEnhanced ? "221 2.0.0 "u8 : "221 "u8);
        return SmtpStep.Quit;
    }

    private SmtpStep BoundPatience(IBufferWriter<byte> reply)
    {
        _idleCommands++;
        if (_errors < SmtpLimits.ErrorsMax && _idleCommands < SmtpLimits.IdleCommandsMax)
        {
            return SmtpStep.NextLine;
        }

        Say(reply, SmtpReply.TooMuch);
        return SmtpStep.Expel;
    }

    private SmtpStep Say(IBufferWriter<byte> reply, ReadOnlySpan<byte> before)
    {
        reply.Write(before);
        reply.Write(policy.Greeting.Span);
        reply.Write("\r\n"u8);
        return SmtpStep.NextLine;
    }
}

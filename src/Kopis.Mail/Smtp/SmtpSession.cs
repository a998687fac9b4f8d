using System.Buffers;
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
    private bool _isFiltered; // The message under way.
    private bool _isVouchedFor; // Its checks are passed over.
    private SmtpHeld _held;
    private readonly SmtpErrorLimit _errorLimit = new();

    /// <summary>What the client called itself last; null before HELO and EHLO.</summary>
    public byte[]? Helo { get; private set; }

    /// <summary>Whether it did so by EHLO.</summary>
    public bool IsExtended { get; private set; }

    /// <summary>Whether replies carry status codes.</summary>
    public bool IsEnhanced { get; private set; }

    /// <summary>Who the client has shown to be; null before.</summary>
    public byte[]? User { get; private set; }

    /// <summary>Errors, and recipients refused for good.</summary>
    public int Faults => _errorLimit.Faults;

    /// <summary>Whether the message under way has addresses or header fields in UTF-8.</summary>
    public bool IsUtf8 => _transaction.IsUtf8;

    /// <summary>The envelope sender of the message that is being sent.</summary>
    public byte[] Sender => _transaction.Sender;

    /// <summary>Whether MAIL was said, and its message has not ended.</summary>
    public bool IsInTransaction => _transaction.IsOpen;

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
        SmtpReply.Name(reply, "220 "u8, policy.Greeting.Span, " ESMTP"u8);
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
            SmtpVerb.Helo => Hello(command.Argument, isExtended: false, reply),
            SmtpVerb.Ehlo => Hello(command.Argument, isExtended: true, reply),
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
        return step == SmtpStep.NextLine ? LimitErrors(reply) : step;
    }

    /// <summary>Reads a line that was too long to keep.</summary>
    public SmtpStep OnLineTooLong(IBufferWriter<byte> reply)
    {
        OnError(SmtpReply.LineTooLong, reply);
        return LimitErrors(reply);
    }

    /// <summary>Reads the answer to <see cref="Question"/>; another may follow it.</summary>
    public SmtpStep OnAnswer(LookupVerdict verdict, IBufferWriter<byte> reply)
    {
        SmtpStep step = Question.Sender is null
            ? AddRecipient(verdict, reply)
            : AuthoriseSender(verdict, reply);
        return step == SmtpStep.NextLine ? LimitErrors(reply) : step;
    }

    /// <summary>Reads the filters' answer to <see cref="Question"/>.</summary>
    /// <param name="refusal">The reply where one refuses; null where none does.</param>
    /// <param name="reply">Where to.</param>
    public SmtpStep OnFiltered(SmtpAnswer? refusal, IBufferWriter<byte> reply)
    {
        bool isSender = Question.Filters == FilterStage.Sender;
        if (refusal is null)
        {
            _ = isSender ? Say(reply, SmtpReply.SenderOk) : Add(reply);
            return LimitErrors(reply);
        }

        _errorLimit.CountRefusal(refusal.Line[0] == '5');
        if (isSender)
        {
            _transaction.Forget();
        }

        Say(reply, refusal);
        return LimitErrors(reply);
    }

    /// <summary>Reads the ruling on <see cref="Question"/>, which has a hook.</summary>
    public SmtpStep OnRuling(SmtpRuling ruling, IBufferWriter<byte> reply)
    {
        ruling.WriteLines(reply);
        SmtpHook hook = Question.Hook;
        if (ruling.Refusal is { } refusal)
        {
            policy.OnRefused(RcptChecks.At(hook), refusal, Question.Subject);
            if (hook == SmtpHook.Data && _held.IsChunk && !ruling.Ends)
            {
                return ReadChunk(refusal, reply);
            }

            Say(reply, refusal);
        }

        SmtpStep step = ruling.Ends ? SmtpStep.Disconnect
            : ruling.Refusal is not null ? SmtpStep.NextLine
            : hook switch
            {
                SmtpHook.Helo => Hello(reply),
                SmtpHook.Mail => Open(ruling.Address ?? _held.Text, ruling.SkipsChecks, reply),
                SmtpHook.Rcpt => Recheck(ruling, reply),
                SmtpHook.Accept => Accept(reply),
                _ => _held.IsChunk ? ReadChunk(null, reply) : GoAhead(reply),
            };
        return step == SmtpStep.NextLine ? LimitErrors(reply) : step;
    }

    /// <summary>Takes the happy end of an AUTH exchange; its reply is the exchange's.</summary>
    public void OnAuthenticated(byte[] user) => User = user;

    /// <summary>Refuses what the client should have known; a number of these ends the session.
    /// </summary>
    public SmtpStep OnError(SmtpAnswer answer, IBufferWriter<byte> reply)
    {
        _errorLimit.AddError();
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

    /// <summary>What each recipient of the message under way is called where it is delivered;
    /// null for one that is not delivered here.</summary>
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
    public void OnProgress() => _errorLimit.ForgiveAll();

    // Commands -----------------------------------------------------------------------------------

    private SmtpStep Mail(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        if (_transaction.IsChunking)
        {
            return Say(reply, SmtpReply.InChunks);
        }

        if (SmtpAddressCommand.ReadMail(
            argument, Offered, out byte[] address, out long size, out MessageParameters kept)
            is { } fault)
        {
            return OnError(fault, reply);
        }

        if ((IsTooBig(size) ? SmtpReply.TooBig : policy.RefuseMail(User)) is { } held)
        {
            return Say(reply, held);
        }

        address = policy.NameOwnAddress(address);
        SmtpSubject subject = new(User, Helo, address, []);
        bool isInDoubt = false;
        if (policy.Submission?.OnMail(User, address, out isInDoubt) is { } unfit)
        {
            policy.OnRefused(SmtpCheck.Submission, unfit, subject);
            return OnError(unfit, reply);
        }

        _held = new SmtpHeld(address) { IsInDoubt = isInDoubt, Parameters = kept };
        return Ask(SmtpHook.Mail, subject) ?? Open(address, isVouchedFor: false, reply);
    }

    private bool IsTooBig(long size) =>
        policy.MessageBytesMax > 0 && size > policy.MessageBytesMax;

    private SmtpStep Open(byte[] sender, bool isVouchedFor, IBufferWriter<byte> reply)
    {
        policy.OnOpened();
        _transaction.Open(
            sender, !isVouchedFor && policy.IsBadSender(sender), _held.IsInDoubt,
            _held.Parameters);
        _isFiltered = policy.HasFilters; // A bad sender's too: RCPT may be vouched for.
        return _isFiltered
            ? Ask(Filters(FilterStage.Sender)) : Say(reply, SmtpReply.SenderOk);
    }

    // Null: the host has nothing to say there.
    private SmtpStep? Ask(SmtpHook hook, SmtpSubject subject) => policy.Rules(hook, subject)
        ? Ask(new SmtpQuestion(null, _recipient) { Hook = hook, Subject = subject }) : null;

    private SmtpQuestion Filters(FilterStage stage) =>
        new(null, _recipient) { Filters = stage };

    private SmtpStep Rcpt(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        (_parameters, _isVouchedFor) = (default, false);
        return CheckRcpt(argument, reply) ?? Ask(SmtpHook.Rcpt, Subject) ?? GoOn(reply);
    }

    private SmtpStep Recheck(SmtpRuling ruling, IBufferWriter<byte> reply)
    {
        _isVouchedFor = ruling.SkipsChecks;
        _recipient = ruling.Address is { } other ? policy.Route(other) : _recipient;
        return GoOn(reply);
    }

    private SmtpStep GoOn(IBufferWriter<byte> reply)
    {
        if (RcptChecks.Judge(policy, _transaction, Subject, _recipient, _isVouchedFor)
            is { } refused)
        {
            _errorLimit.CountRefusal(refused.Check == SmtpCheck.RcptHosts);
            return Refuse(reply, refused.Check, refused.Refusal);
        }

        return _transaction.SenderInDoubt is { } sender
            ? Ask(new SmtpQuestion(sender, _recipient)) : FindRecipient(reply);
    }

    // Null: nothing speaks against it but perhaps the sender, or that there is no such address.
    private SmtpStep? CheckRcpt(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        if (!_transaction.IsOpen || _transaction.IsChunking)
        {
            return Say(reply, _transaction.IsOpen ? SmtpReply.InChunks : SmtpReply.MailFirst);
        }

        if (SmtpAddressCommand.ReadRcpt(
            argument, Offered, _transaction.IsUtf8, out byte[] address, out _parameters)
            is { } fault)
        {
            return OnError(fault, reply);
        }

        address = policy.NameOwnAddress(address);
        _recipient = policy.Route(
            policy.RelayClient is { } suffix ? [.. address, .. suffix] : address);
        return null;
    }

    private SmtpSubject Subject =>
        new(User, Helo, _transaction.Sender, _recipient.Address ?? [])
        {
            Recipients = _transaction.Recipients,
        };

    private SmtpExtensions? Offered => IsExtended ? policy.ExtensionsFor(User) : null;

    private SmtpStep Refuse(IBufferWriter<byte> reply, SmtpCheck check, SmtpAnswer answer)
    {
        policy.OnRefused(check, answer, Subject);
        return Say(reply, answer);
    }

    private SmtpStep Ask(SmtpQuestion question)
    {
        Question = question;
        return SmtpStep.Ask;
    }

    private SmtpStep AuthoriseSender(LookupVerdict verdict, IBufferWriter<byte> reply)
    {
        if (verdict == LookupVerdict.Yes)
        {
            _transaction.TrustSender();
            return FindRecipient(reply);
        }

        bool isAnothers = verdict == LookupVerdict.No;
        SmtpAnswer refusal = isAnothers ? AuthReply.NotYourAddress : SmtpReply.RecipientLater;
        policy.OnRefused(SmtpCheck.SenderAlias, refusal, Subject);
        return isAnothers ? OnError(refusal, reply) : Say(reply, refusal);
    }

    private SmtpStep FindRecipient(IBufferWriter<byte> reply) =>
        policy.Recipients is not { } check ? AddRecipient(LookupVerdict.Yes, reply)
            : check.Known(_recipient) is { } known ? AddRecipient(known, reply)
            : Ask(new SmtpQuestion(null, _recipient));

    private SmtpStep AddRecipient(LookupVerdict verdict, IBufferWriter<byte> reply)
    {
        // Whose mail we relay we know, and a bounce would reach him: his program cannot wait.
        if (verdict == LookupVerdict.Later && (User ?? policy.RelayClient) is not null)
        {
            verdict = LookupVerdict.Yes;
        }

        _errorLimit.CountRefusal(verdict == LookupVerdict.No);
        return RcptChecks.ReplyTo(verdict, _recipient) is { } refusal
            ? Refuse(reply, SmtpCheck.Mailbox, refusal)
            : (_isVouchedFor ? null : Ask(SmtpHook.Accept, Subject)) ?? Accept(reply);
    }

    private SmtpStep Accept(IBufferWriter<byte> reply) =>
        _isFiltered ? Ask(Filters(FilterStage.Recipient)) : Add(reply);

    private SmtpStep Add(IBufferWriter<byte> reply)
    {
        if (!_transaction.TryAdd(_recipient, _parameters, policy.RecipientsBytesMaxFor(User)))
        {
            return Refuse(reply, SmtpCheck.RecipientCount, SmtpReply.TooManyRecipients);
        }

        _errorLimit.ForgiveCommand(); // The count of this line; it did bring a message nearer.
        return Say(reply, SmtpReply.RecipientOk);
    }

    private SmtpAnswer? CheckMessage() =>
        !_transaction.IsOpen ? SmtpReply.MailFirst
        : _transaction.Recipients == 0 ? SmtpReply.RcptFirst
        : null;

    private SmtpStep Data(IBufferWriter<byte> reply)
    {
        if ((_transaction.IsChunking ? SmtpReply.InChunks : CheckMessage()) is { } refusal)
        {
            return Say(reply, refusal);
        }

        _held = default;
        return Ask(SmtpHook.Data, Subject) ?? GoAhead(reply);
    }

    private SmtpStep GoAhead(IBufferWriter<byte> reply)
    {
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
            return SmtpStep.Disconnect;
        }

        Chunk = chunk;
        SmtpAnswer? refusal = CheckMessage();
        _held = new SmtpHeld([]) { IsChunk = true };
        return (refusal is null && !_transaction.IsChunking ? Ask(SmtpHook.Data, Subject) : null)
            ?? ReadChunk(refusal, reply);
    }

    private SmtpStep ReadChunk(SmtpAnswer? refusal, IBufferWriter<byte> reply)
    {
        ChunkRefusal = refusal;
        if (refusal is not null && !Chunk.IsLast && _transaction.Recipients > 0)
        {
            _transaction.Forget(); // Chunks that follow it would be a message without it.
        }

        _transaction.IsChunking |= refusal is null;
        return LimitErrors(reply) == SmtpStep.Disconnect ? SmtpStep.Disconnect : SmtpStep.ReadChunk;
    }

    private SmtpStep Hello(
        ReadOnlySpan<byte> name, bool isExtended, IBufferWriter<byte> reply)
    {
        _held = new SmtpHeld(name.ToArray()) { IsExtended = isExtended };
        return Ask(SmtpHook.Helo, new SmtpSubject(User, _held.Text, [], [])) ?? Hello(reply);
    }

    private SmtpStep Hello(IBufferWriter<byte> reply)
    {
        (Helo, IsExtended) = (_held.Text, _held.IsExtended);
        IsEnhanced =
            IsExtended && policy.Extensions.HasFlag(SmtpExtensions.EnhancedStatusCodes);
        _transaction.Forget();
        if (!IsExtended)
        {
            SmtpReply.Name(reply, "250 "u8, policy.Greeting.Span);
            return SmtpStep.NextLine;
        }

        SmtpExtensionList.Write(reply, policy, User);
        return SmtpStep.NextLine;
    }

    private SmtpStep StartTls(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply) =>
        policy.IsEncrypted ? Say(reply, SmtpReply.AlreadyEncrypted)
        : AsideChecks.StartTls(policy, argument) is { } fault ? OnError(fault, reply)
        : SmtpStep.StartTls;

    private SmtpStep Auth(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        Argument = argument.ToArray();
        return AsideChecks.Auth(policy, User, _transaction.IsOpen) is { } fault
            ? OnError(fault, reply) : SmtpStep.Authenticate;
    }

    private SmtpStep XClient(ReadOnlySpan<byte> argument, IBufferWriter<byte> reply)
    {
        Argument = argument.ToArray();
        return AsideChecks.XClient(policy, _transaction.IsOpen) is { } fault
            ? OnError(fault, reply) : SmtpStep.XClient;
    }

    private SmtpStep Reset(IBufferWriter<byte> reply)
    {
        _transaction.Forget();
        policy.OnReset();
        return Say(reply, SmtpReply.Flushed);
    }

    private SmtpStep Quit(IBufferWriter<byte> reply)
    {
        SmtpReply.Name(reply, IsEnhanced ? "221 2.0.0 "u8 : "221 "u8, policy.Greeting.Span);
        return SmtpStep.Quit;
    }

    private SmtpStep LimitErrors(IBufferWriter<byte> reply)
    {
        if (_errorLimit.TryCommand())
        {
            return SmtpStep.NextLine;
        }

        Say(reply, SmtpReply.TooMuch);
        return SmtpStep.Disconnect;
    }
}

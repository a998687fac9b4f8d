using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Mail.Sasl;

namespace Kopis.Mail.Smtp;

/// <summary>The server's side of one SMTP session: it reads command lines and makes replies. No
/// I/O, no clock. For each command it first checks whether the command may come now and is valid,
/// and then carries it out. After HELO the replies are qmail-smtpd's, byte for byte (contract
/// §9.1); after EHLO they have status codes.</summary>
public sealed class SmtpSession(ISmtpPolicy policy)
{
    private readonly ServerTransaction _transaction = new();
    private RecipientParameters _parameters;
    private RoutedRecipient _recipient; // Of the last RCPT.
    private bool _isFiltered; // The message under way.
    private bool _isVouchedFor; // Its checks are passed over.
    private SmtpHeld _held;
    private readonly SmtpErrorLimit _errorLimit = new();

    /// <summary>The client's name in the last HELO or EHLO; null before.</summary>
    public byte[]? Helo { get; private set; }

    /// <summary>Whether that was EHLO.</summary>
    public bool IsExtended { get; private set; }

    /// <summary>Whether replies carry status codes.</summary>
    public bool IsEnhanced { get; private set; }

    /// <summary>The user that the client has proved to be; null before.</summary>
    public byte[]? User { get; private set; }

    /// <summary>The number of errors and of permanently refused recipients.</summary>
    public int Faults => _errorLimit.Faults;

    /// <summary>Whether the current message has addresses or header fields in UTF-8.</summary>
    public bool IsUtf8 => _transaction.IsUtf8;

    /// <summary>The envelope sender of the message that is being sent.</summary>
    public byte[] Sender => _transaction.Sender;

    /// <summary>Whether MAIL was accepted, and its message has not ended.</summary>
    public bool IsInTransaction => _transaction.IsOpen;

    /// <summary>Whether a message has begun to arrive by BDAT.</summary>
    public bool IsChunking => _transaction.IsChunking;

    /// <summary>With <see cref="SmtpStep.ReadChunk"/>: the chunk that follows in the input.
    /// </summary>
    public SmtpChunk Chunk { get; private set; }

    /// <summary>With <see cref="SmtpStep.ReadChunk"/>: why the chunk must be dropped; null if it is
    /// kept.</summary>
    public SmtpAnswer? ChunkRefusal { get; private set; }

    /// <summary>With <see cref="SmtpStep.Ask"/>: the question.</summary>
    public SmtpQuestion Question { get; private set; }

    /// <summary>The text after the verb of the last command that needs more than a reply.</summary>
    public ReadOnlyMemory<byte> Argument { get; private set; }

    /// <summary>Writes the first reply.</summary>
    /// <param name="reply">The output.</param>
    /// <param name="helo">The client's name, if it is known already from XCLIENT.</param>
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

    /// <summary>Handles a line that was too long to keep.</summary>
    public SmtpStep OnLineTooLong(IBufferWriter<byte> reply)
    {
        OnError(SmtpReply.LineTooLong, reply);
        return LimitErrors(reply);
    }

    /// <summary>Receives the answer to <see cref="Question"/>; another question may follow.
    /// </summary>
    public SmtpStep OnAnswer(LookupVerdict verdict, IBufferWriter<byte> reply)
    {
        SmtpStep step = Question.Sender is null
            ? AddRecipient(verdict, reply)
            : AuthoriseSender(verdict, reply);
        return step == SmtpStep.NextLine ? LimitErrors(reply) : step;
    }

    /// <summary>Receives the filters' answer to <see cref="Question"/>.</summary>
    /// <param name="refusal">The reply if a filter refuses; null if none does.</param>
    /// <param name="reply">The output.</param>
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

    /// <summary>Receives the ruling on <see cref="Question"/>, which has a hook.</summary>
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

    /// <summary>Records a successful AUTH exchange, whose reply the exchange sends.</summary>
    public void OnAuthenticated(byte[] user) => User = user;

    /// <summary>Refuses what no correct client sends; a number of these ends the session.</summary>
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

    /// <summary>The local addresses of the current message's recipients; null for one that is not
    /// delivered here.</summary>
    public byte[]?[] LocalRecipients() => _transaction.Locals();

    /// <summary>Whether the current message has only this recipient.</summary>
    public bool IsOnlyFor(ReadOnlySpan<byte> address) =>
        _transaction.Recipients == 1 && _transaction.Has(address);

    /// <summary>Suppresses all reports to the sender on a recipient.</summary>
    /// <param name="number">The index in <see cref="LocalRecipients"/>.</param>
    public void Silence(int number) => _transaction.Silence(number);

    /// <summary>Abandons the current message, which cannot be accepted.</summary>
    public void Abandon() => _transaction.Forget();

    /// <summary>Records that the message was queued, or that a large part of it came.</summary>
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
        _isFiltered = policy.HasFilters; // Despite a bad sender, for which RCPT may be vouched.
        return _isFiltered
            ? Ask(Filters(FilterStage.Sender)) : Say(reply, SmtpReply.SenderOk);
    }

    // Null means that the host does not object at this point.
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

    // Null means that nothing is wrong, except perhaps the sender, or that the address does not
    // exist.
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
        // We know whose mail we relay, and a bounce would reach that user, whose program cannot
        // wait.
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

        _errorLimit.ForgiveCommand(); // The line did contribute to a message.
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

    // A refused chunk still arrives, and must not be taken for commands.
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
            _transaction.Forget(); // Later chunks would be a message without it.
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

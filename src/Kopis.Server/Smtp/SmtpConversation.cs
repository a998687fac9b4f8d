using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Header;
using Kopis.Mail.Sasl;
using Kopis.Mail.Smtp;
using Kopis.Net;
using Kopis.Net.Tls;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;
using Kopis.Server.Checks;
using Kopis.Server.Filters;
using Kopis.Server.Submission;

namespace Kopis.Server.Smtp;

/// <summary>One SMTP session from greeting to close. It passes lines to the grammar, messages to
/// the queue, and questions to those who can answer them, and enforces timeouts.</summary>
internal sealed class SmtpConversation : ILineProtocol, IAsyncDisposable
{
    /// <summary>qmail-smtpd's exit code for every end but QUIT (contract §9.1).</summary>
    internal const int ExitEarly = 1;

    // How many times timeoutsmtpd a client has, from the greeting or its last message to the next
    // DATA. So commands that come one by one, each just in time, do not keep a session open for
    // ever.
    private const int TimeoutsPerMessage = 3;

    private const int LoginFailuresMax = 3; // RFC 4954 §4 does not set the number.

    internal static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(10);

    private readonly Connection _connection;
    private readonly ClientInfo _client;
    private readonly SmtpSettings _settings;
    private readonly SmtpServices _services;
    private readonly ConnectionEnds _peer;
    private readonly SessionFilters _filters;
    private readonly RefusalLog _refusals;
    private readonly SmtpJournal _journal;
    private SmtpPolicy _policy;
    private SmtpSession _session;
    private WatchedLogin? _login;
    private SmtpMessage? _message; // A BDAT message that has begun.
    private long _since;
    private int _loginFailures;
    private SmtpStep _step;

    internal SmtpConversation(
        Connection connection, ClientInfo client, SmtpSettings settings, SmtpServices services)
    {
        _connection = connection;
        _client = client;
        _settings = settings;
        _services = services;
        _peer = ConnectionEnds.Of(client.Environment);
        _filters = new SessionFilters(connection, client, settings.Greeting, services);
        _journal = new SmtpJournal(connection, client, services);
        _refusals = new RefusalLog(SmtpHandler.WhoIs(connection, client), services.Log, _journal);
        _policy = Policy();
        _session = new SmtpSession(_policy);
    }

    /// <summary>The client for which the peer has begun to speak; a new conversation follows.
    /// </summary>
    internal ClientInfo? Successor { get; private set; }

    int ILineProtocol.LineBytesMax => SmtpLimits.LineBytesMax;

    LineStep ILineProtocol.OnLine(ReadOnlySpan<byte> line, IBufferWriter<byte> reply) =>
        _login is { IsOver: true } ? Disconnect(AuthReply.LoginOver, reply)
        : After(_session.OnLine(line, reply), reply);

    LineStep ILineProtocol.OnLineTooLong(IBufferWriter<byte> reply) =>
        After(_session.OnLineTooLong(reply), reply);

    /// <summary>Serves the client; returns the exit code.</summary>
    internal async Task<int> RunAsync(CancellationToken stop)
    {
        using WatchedLogin login = new(_services.Logins?.Watch, _services.Log, stop);
        _login = login;
        _journal.Open();
        if (_client.Environment["SMTPS"] is not null && _connection.Tls is null
            && await BeginTlsAsync(ReadOnlyMemory<byte>.Empty) is { } early)
        {
            return early;
        }

        if (await _services.Plugins.GreetAsync(stop) is { } turnedAway)
        {
            return await CloseAsync(turnedAway.Refusal);
        }

        LinePump pump = new(_connection, this);
        _session.Greet(_connection.Output, _client.Helo);
        _since = _services.Time.GetTimestamp();
        while (true)
        {
            PumpEnd end = await pump.RunAsync(_settings.Timeout, login.End);
            int? exit = end switch
            {
                PumpEnd.Paused or PumpEnd.Waiting => await ProceedAsync(stop),
                PumpEnd.Closed => _step == SmtpStep.Quit ? 0 : await CloseAsync(null),
                PumpEnd.TimedOut => await CloseIdleAsync(SmtpReply.TimedOut),
                PumpEnd.Stopped => await CloseIdleAsync(
                    login.IsOver ? AuthReply.LoginOver : SmtpReply.Ending),
                _ => ExitEarly,
            };
            if (exit is { } code)
            {
                _refusals.Close();
                return code;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _filters.DisposeAsync();
        await DropMessageAsync();
    }

    private ValueTask DropMessageAsync()
    {
        SmtpMessage? message = _message;
        _message = null;
        return message?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private SmtpPolicy Policy() => new(
        _settings, _services, _client, _refusals, _connection.Tls,
        new ClientInfo(_connection.Environment, Helo: null).Address is { } peer
            && _settings.XClients.Contains(peer));

    private bool IsGivenUp => (_message is not null && !_session.IsChunking)
        || (_filters.AreAsked && !_session.IsInTransaction);

    private LineStep After(SmtpStep step, IBufferWriter<byte> reply)
    {
        _step = step;
        if (step == SmtpStep.NextLine
            && _services.Time.GetElapsedTime(_since) > TimeoutsPerMessage * _settings.Timeout)
        {
            _session.Say(reply, SmtpReply.TimedOut);
            return LineStep.Close;
        }

        if (_services.Client.AfterLine(_session.Faults, _session.User) is { } over)
        {
            return Disconnect(over, reply);
        }

        return step switch
        {
            // Drops a message that the client abandoned.
            SmtpStep.NextLine => _services.Client.Delay <= TimeSpan.Zero && !IsGivenUp
                ? LineStep.Continue : LineStep.Wait,
            SmtpStep.Ask or SmtpStep.ReadChunk => LineStep.Wait,
            SmtpStep.Quit or SmtpStep.Disconnect => LineStep.Close,
            _ => LineStep.Pause,
        };
    }

    private LineStep Disconnect(SmtpAnswer answer, IBufferWriter<byte> reply)
    {
        _session.Say(reply, answer);
        _step = SmtpStep.Disconnect;
        return LineStep.Close;
    }

    // The asynchronous part of a command. Null if the session continues.
    private async ValueTask<int?> ProceedAsync(CancellationToken stop)
    {
        await SlowDownAsync(stop);
        switch (_step)
        {
            case SmtpStep.ReadMessage:
                return await ReadMessageAsync();
            case SmtpStep.ReadChunk:
                return await ReadChunkAsync();
            case SmtpStep.Ask:
                return await AskAsync(stop);
            case SmtpStep.Authenticate:
                return await AuthenticateAsync(stop);
            case SmtpStep.StartTls:
                return await BeginTlsAsync(SmtpReply.ReadyForTls.ToBytes(_session.IsEnhanced));
            case SmtpStep.XClient:
                return await BecomeAsync();
            default:
                await DropGivenUpAsync();
                return null;
        }
    }

    // Nothing of it may get into the client's next message, about which the filters may already
    // have been asked.
    private async ValueTask DropGivenUpAsync()
    {
        await (_session.IsInTransaction ? ValueTask.CompletedTask : _filters.DisposeAsync());
        await (_session.IsChunking ? ValueTask.CompletedTask : DropMessageAsync());
    }

    private async ValueTask<int?> AuthenticateAsync(CancellationToken stop)
    {
        SmtpLogin login = new(_connection, _client, _session, _services, _journal);
        SmtpLoginEnd end = await login.RunAsync(_policy.Offer!, _settings.Timeout, stop);
        if (end == SmtpLoginEnd.Done && _session.User is { } user)
        {
            _login!.Begin(user, SmtpHandler.WhoIs(_connection, _client));
        }

        ReadOnlySpan<byte> words = _session.Argument.Span;
        int blank = words.IndexOf((byte)' ');
        _filters.Mechanism = (blank < 0 ? words : words[..blank]).ToArray();
        return end switch
        {
            SmtpLoginEnd.Done => null,
            SmtpLoginEnd.TimedOut => await CloseIdleAsync(SmtpReply.TimedOut),
            SmtpLoginEnd.Stopped => await CloseIdleAsync(SmtpReply.Ending),
            SmtpLoginEnd.Failed when ++_loginFailures < LoginFailuresMax => null,
            SmtpLoginEnd.Failed or SmtpLoginEnd.Expelled => await CloseAsync(null),
            _ => ExitEarly,
        };
    }

    private async ValueTask<int?> AskAsync(CancellationToken stop)
    {
        SmtpStep step = SmtpStep.Ask;
        while (step == SmtpStep.Ask)
        {
            SmtpQuestion question = _session.Question;
            if (question.Filters != FilterStage.None)
            {
                step = _session.OnFiltered(
                    await _filters.AskAsync(_session, stop), _connection.Output);
                continue;
            }

            if (question.Hook != SmtpHook.None)
            {
                SmtpRuling ruling = await _policy.RuleAsync(question, stop);
                _connection.SetDeadline(_settings.Timeout); // The client did not use up this time.
                step = _session.OnRuling(ruling, _connection.Output);
                continue;
            }

            LookupVerdict verdict = question.Sender is { } sender
                ? await _policy.Senders!.MaySendAsAsync(_session.User!, sender, stop)
                : await _policy.Recipients!.AskAsync(question.Recipient, _client.Address, stop);
            step = _session.OnAnswer(verdict, _connection.Output);
        }

        LineStep after = After(step, _connection.Output);
        await DropGivenUpAsync();
        await SlowDownAsync(stop);
        return after == LineStep.Close ? await CloseAsync(null)
            : step == SmtpStep.ReadMessage ? await ReadMessageAsync()
            : step == SmtpStep.ReadChunk ? await ReadChunkAsync()
            : null;
    }

    // Delays replies to a client that is slowed down. This takes only a timer.
    private async ValueTask SlowDownAsync(CancellationToken stop)
    {
        if (_services.Client.NextDelay() is { Ticks: > 0 } delay)
        {
            await Task.Delay(delay, _services.Time, stop).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing); // When stopped, it continues at once.
            _connection.SetDeadline(_settings.Timeout);
            await _connection.FlushAsync();
        }
    }

    // Null: the connection is encrypted, and a new session has begun that knows nothing of the old
    // one (RFC 3207 §4.2). Else the exit code.
    private async ValueTask<int?> BeginTlsAsync(ReadOnlyMemory<byte> agreement)
    {
        TlsStart start = await _connection.StartTlsAsync(_services.Tls, agreement);
        if (start.HasPlaintextAhead)
        {
            return await CloseAsync(SmtpReply.PlaintextAhead);
        }

        if (!start.Established)
        {
            if (!start.IsProbe || !agreement.IsEmpty)
            {
                string ip = LogText.Safe(_peer.RemoteIp);
                _services.Floods.Write("failed TLS handshakes",
                    $"{_connection.Number} {ip}: no TLS: {start.Reason}");
            }

            return ExitEarly;
        }

        await DisposeAsync();
        _services.Plugins.Restart();
        _policy = Policy();
        _session = new SmtpSession(_policy);
        return null;
    }

    // Postfix's XCLIENT: the reply is a greeting, and a new session begins for the named client.
    private async ValueTask<int?> BecomeAsync()
    {
        if (!XClientEnvironment.TryBecome(
            _client, _session.Argument.Span, _connection.AdmitOther, out ClientInfo? other))
        {
            _session.OnError(SmtpReply.BadAttribute, _connection.Output);
            return null;
        }

        Successor = other;
        return other is null ? await CloseAsync(SmtpReply.Denied) : ExitEarly;
    }

    private async ValueTask<int?> ReadMessageAsync()
    {
        await using SmtpMessage message = Begin();
        SmtpMessageEnd end = await message.ReadAsync(_connection, chunk: null, _settings.Timeout);
        return await EndAsync(message, end, isLast: true);
    }

    private async ValueTask<int?> ReadChunkAsync()
    {
        SmtpChunk chunk = _session.Chunk;
        if (_session.ChunkRefusal is { } refusal)
        {
            await using SmtpMessage unwanted = new(upload: null, bytesMax: 0, loops: null);
            SmtpMessageEnd ended =
                await unwanted.ReadAsync(_connection, chunk, _settings.Timeout);
            if (ended != SmtpMessageEnd.Whole)
            {
                return ExitEarly;
            }

            _session.OnError(refusal, _connection.Output);
            return null;
        }

        _message ??= Begin();
        SmtpMessageEnd end = await _message.ReadAsync(_connection, chunk, _settings.Timeout);
        int? exit = await EndAsync(_message, end, chunk.IsLast);
        if (!_session.IsChunking)
        {
            await DisposeAsync();
        }
        else if (chunk.Size >= SmtpMessage.ProgressBytes)
        {
            _session.OnProgress();
            _since = _services.Time.GetTimestamp();
        }

        return exit;
    }

    private bool IsStranger => _session.User is null && _policy.RelayClient is null;

    private SmtpMessage Begin()
    {
        DateTimeOffset now = _services.Time.GetUtcNow();
        MessageChecks? checks = !IsStranger || _client.Address is not { } address ? null
            : _services.Checks.Begin(address, _session.Helo, _session.Sender, _policy.IsOwn);
        LoginIntake queue = new(_services.Queue, _login!);
        FilteredIntake? held = _filters.Hold(queue);
        MessageUpload upload = new(
            held ?? (IIntakeClient)queue, headFollows: checks is not null,
            origin: IsStranger ? MessageOrigin.Network : MessageOrigin.Submitted)
        {
            Client = _client.NumberOf(_session.User),
            Complete = _session.User is null ? null : _settings.Submission.HeaderAt(now),
        };
        ReceivedLine.Write(upload.Block, _peer, _session.Helo, Protocol(), now,
            _settings.Submission.Hides(_session.User));
        int received = upload.Block.Written.Length;
        upload.Block.Write(ByteText.ToBytes(IsStranger ? _services.Client.Mark : ""));
        upload.Block.Write(_services.Plugins.Fields);
        upload.EndHead();
        held?.OwnBytes = upload.Block.Written.Length;

        return new SmtpMessage(
            upload, _policy.MessageBytesMax, new LoopCheck(_session))
        {
            Checks = checks,
            Held = held,
            Queue = queue,
            IsAfterFields = upload.Block.Written.Length > received,
            Filter = _policy.RelayClient is not null || _client.Address is not { } client
                ? null : _services.Checks.Filter(client),
        };
    }

    // Sends the result of a message or of a chunk.
    private async ValueTask<int?> EndAsync(SmtpMessage message, SmtpMessageEnd end, bool isLast)
    {
        switch (end)
        {
            case SmtpMessageEnd.Whole when _login!.IsOver:
                _session.Abandon();
                return await CloseAsync(AuthReply.LoginOver);
            case SmtpMessageEnd.Whole when isLast:
                await FinishAsync(message);
                _services.Plugins.EndTransaction();
                break;
            case SmtpMessageEnd.Whole:
                SmtpReply.ChunkTaken(
                    _connection.Output, _session.IsEnhanced, _session.Chunk.Size);
                return null;
            case SmtpMessageEnd.Looping or SmtpMessageEnd.TooBig:
                SmtpAnswer unfit =
                    end == SmtpMessageEnd.TooBig ? SmtpReply.TooBig : SmtpReply.Looping;
                _journal.RefuseMessage(_session, end.ToString(), unfit.Line);
                _session.Abandon();
                _services.Plugins.EndTransaction();
                _session.Say(_connection.Output, unfit);
                break;
            case SmtpMessageEnd.StrayLineEnd:
                return await CloseAsync(SmtpReply.StrayLineEnd);
            case SmtpMessageEnd.TimedOut:
                return await CloseIdleAsync(SmtpReply.TimedOut);
            default:
                return ExitEarly;
        }

        await _filters.DisposeAsync();
        _since = _services.Time.GetTimestamp();
        return null;
    }

    private async ValueTask FinishAsync(SmtpMessage message)
    {
        CheckedMessage? known = null;
        string? words = null;
        if (message.Checks is { } checks)
        {
            CheckVerdict verdict = await checks.JudgeAsync();
            _services.Log($"{_connection.Number} {verdict.Words}");
            known = new CheckedMessage(_services, verdict, _client.Address!, _session);
            words = verdict.Words;
            if (verdict.Refusal is { } refusal)
            {
                known.Refused(refusal);
                _journal.RefuseMessage(_session, SmtpJournal.Checks, $"{refusal.Line}; {words}");
                _session.Abandon();
                _session.Say(_connection.Output, refusal);
                return;
            }
        }

        message.SilenceLoops(IsStranger);

        byte[] envelope = _session.DetachEnvelope();
        QueueReply? reply = await message.FinishAsync(envelope, known?.Field ?? []);
        known?.Finished(message, reply);
        if (message.IsOver)
        {
            return; // The session ends, which is the reply.
        }

        if (message.Held?.Refusal is { } filtered)
        {
            _journal.RefuseMessage(_session, SmtpJournal.Filters, filtered.Line);
            _session.Say(_connection.Output, filtered);
            return;
        }

        _journal.Conclude(_session, reply, envelope, message, words, _settings.JournalsSubjects);
        MessageAnswer.Write(
            _session, _connection.Output, reply, message.CustomText, _services.Time.GetUtcNow());
    }

    private byte[] Protocol()
    {
        TlsInfo? tls = _connection.Tls;
        string word =
            ReceivedLine.Word(_session.IsUtf8, tls is not null, _session.User is not null);
        return ByteText.ToBytes(tls is null ? word : $"{word} ({tls.Protocol} {tls.Cipher})");
    }

    // Sends the last reply to a client that waits for it.
    private async ValueTask<int> CloseIdleAsync(SmtpAnswer answer)
    {
        Part(answer);
        await _connection.FlushAsync();
        return ExitEarly;
    }

    // The last reply to a client that may still be sending; null if it was already sent.
    private async ValueTask<int> CloseAsync(SmtpAnswer? answer)
    {
        Part(answer);
        await _connection.FlushAndLingerAsync();
        return ExitEarly;
    }

    private void Part(SmtpAnswer? answer)
    {
        answer?.WriteTo(_connection.Output, _session.IsEnhanced);
        _connection.SetDeadline(LingerTime);
    }
}

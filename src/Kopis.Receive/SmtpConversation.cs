using System.Buffers;
using Kopis.Base;
using Kopis.Mail;
using Kopis.Net;
using Kopis.Queue;

namespace Kopis.Receive;

/// <summary>
/// One SMTP session from greeting to close: carries lines to the grammar, messages to the queue,
/// and keeps the time.
/// </summary>
internal sealed class SmtpConversation : ILineProtocol
{
    /// <summary>qmail-smtpd's exit code for every end but QUIT (contract §9.1).</summary>
    internal const int ExitEarly = 1;

    // A client has this many times timeoutsmtpd from the greeting, or from its last message, to the
    // next DATA: commands that come one by one, each just in time, do not hold a session for ever.
    private const int TimeoutsPerMessage = 3;

    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(10);

    private readonly Connection _connection;
    private readonly SmtpSettings _settings;
    private readonly SmtpServices _services;
    private readonly TimeProvider _time;
    private readonly TimeSpan _timeout;
    private readonly SmtpPeer _peer;
    private SmtpPolicy _policy;
    private SmtpSession _session;
    private long _since;
    private SmtpStep _step;

    internal SmtpConversation(
        Connection connection, SmtpSettings settings, SmtpServices services)
    {
        _connection = connection;
        _settings = settings;
        _services = services;
        _time = services.Time;
        _timeout = settings.Timeout;
        _policy = new SmtpPolicy(settings, services.Tls, connection);
        _session = new SmtpSession(_policy);
        _peer = SmtpPeer.Of(connection.Environment);
    }

    int ILineProtocol.LineBytesMax => SmtpLimits.LineBytesMax;

    LineStep ILineProtocol.OnLine(ReadOnlySpan<byte> line, IBufferWriter<byte> reply) =>
        After(_session.OnLine(line, reply), reply);

    LineStep ILineProtocol.OnLineTooLong(IBufferWriter<byte> reply) =>
        After(_session.OnLineTooLong(reply), reply);

    /// <summary>Serves the client; the result is the exit code.</summary>
    internal async Task<int> RunAsync(CancellationToken stop)
    {
        LinePump pump = new(_connection, this);
        if (_connection.Environment["SMTPS"] is not null
            && await BeginTlsAsync(ReadOnlyMemory<byte>.Empty) is { } exit)
        {
            return exit;
        }

        _session.Greet(_connection.Output);
        _since = _time.GetTimestamp();
        while (true)
        {
            PumpEnd end = await pump.RunAsync(_timeout, stop);
            switch (end)
            {
                case PumpEnd.Paused when _step == SmtpStep.StartTls:
                    if (await BeginTlsAsync(SmtpReply.ReadyForTls.ToArray()) is { } exitCode)
                    {
                        return exitCode;
                    }

                    break;
                case PumpEnd.Paused:
                    if (!await TakeMessageAsync())
                    {
                        return ExitEarly;
                    }

                    _since = _time.GetTimestamp();
                    break;
                case PumpEnd.Closed:
                    return _step == SmtpStep.Quit ? 0 : await CloseAsync([]);
                case PumpEnd.TimedOut:
                    return await CloseIdleAsync(SmtpReply.TimedOut.ToArray());
                case PumpEnd.Stopped:
                    return await CloseIdleAsync(SmtpReply.Ending.ToArray());
                default:
                    return ExitEarly;
            }
        }
    }

    private LineStep After(SmtpStep step, IBufferWriter<byte> reply)
    {
        _step = step;
        if (step == SmtpStep.NextLine
            && _time.GetElapsedTime(_since) > TimeoutsPerMessage * _timeout)
        {
            reply.Write(SmtpReply.TimedOut);
            return LineStep.Close;
        }

        return step switch
        {
            SmtpStep.NextLine => LineStep.Continue,
            SmtpStep.ReadMessage or SmtpStep.StartTls => LineStep.Pause,
            _ => LineStep.Close,
        };
    }

    // Null: encrypted, and a new session has begun that knows nothing of the old one (RFC 3207
    // §4.2). Else the exit code.
    private async Task<int?> BeginTlsAsync(ReadOnlyMemory<byte> agreement)
    {
        TlsStart start = await _connection.StartTlsAsync(_services.Tls, agreement);
        if (start.HasPlaintextAhead)
        {
            return await CloseAsync(SmtpReply.PlaintextAhead.ToArray());
        }

        if (!start.Established)
        {
            string ip = LogText.Safe(_peer.RemoteIp);
            _services.Log($"{_connection.Number} {ip}: no TLS: {start.Reason}");
            return ExitEarly;
        }

        _policy = new SmtpPolicy(_settings, _services.Tls, _connection);
        _session = new SmtpSession(_policy);
        return null;
    }

    // RFC 3848, with TLS alone: what qmail says in the clear does not change.
    private byte[] Protocol() => _connection.Tls is { } tls
        ? ByteText.ToBytes($"ESMTPS ({tls.Protocol} {tls.Cipher})")
        : "SMTP"u8.ToArray();

    // False: the session is over, and the client has been told why where it still listens.
    private async Task<bool> TakeMessageAsync()
    {
        byte[] envelope = _session.TakeEnvelope();
        await using SmtpMessage message = new(_services.Queue, _policy.MessageBytesMax);
        ReceivedLine.Write(message.Head, _peer, _session.Helo, Protocol(), _time.GetUtcNow());
        SmtpMessageEnd end = await message.ReadAsync(_connection, _timeout);
        switch (end)
        {
            case SmtpMessageEnd.Whole:
                Answer(await message.FinishAsync(envelope), message.CustomText);
                return true;
            case SmtpMessageEnd.Looping:
                _connection.Output.Write(SmtpReply.Looping);
                return true;
            case SmtpMessageEnd.TooBig:
                _connection.Output.Write(SmtpReply.TooBig);
                return true;
            case SmtpMessageEnd.StrayLineEnd:
                await CloseAsync(SmtpReply.StrayLineEnd.ToArray());
                return false;
            case SmtpMessageEnd.TimedOut:
                await CloseIdleAsync(SmtpReply.TimedOut.ToArray());
                return false;
            default:
                return false;
        }
    }

    private void Answer(QueueReply? reply, string? words)
    {
        if (reply is not { } answer)
        {
            _connection.Output.Write(SmtpReply.NoQueue);
        }
        else if (answer.Code == 0)
        {
            _session.OnQueued();
            SmtpReply.Accepted(_connection.Output, _time.GetUtcNow(), answer.Qp);
        }
        else
        {
            words ??= QueueResult.Describe(answer.Code);
            SmtpReply.Refused(_connection.Output, ByteText.ToBytes(words));
        }
    }

    private async Task<int> CloseIdleAsync(byte[] reply)
    {
        _connection.Output.Write(reply);
        _connection.SetDeadline(LastWords);
        await _connection.FlushAsync();
        return ExitEarly;
    }

    // To a client that may still be sending.
    private async Task<int> CloseAsync(byte[] reply)
    {
        _connection.Output.Write(reply);
        _connection.SetDeadline(LastWords);
        await _connection.FlushAndLingerAsync();
        return ExitEarly;
    }
}

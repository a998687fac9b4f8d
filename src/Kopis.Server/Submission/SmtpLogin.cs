using System.Buffers;
using System.Net;
using System.Text;
using Kopis.Base;
using Kopis.Mail.Sasl;
using Kopis.Mail.Smtp;
using Kopis.Net;
using Kopis.Server.Plugins;
using Kopis.Server.Smtp;

namespace Kopis.Server.Submission;

/// <summary>One AUTH command: passes on the lines and questions of its exchange.</summary>
internal sealed class SmtpLogin(
    Connection connection, ClientInfo client, SmtpSession session, SmtpServices services,
    SmtpJournal journal)
    : ILineProtocol
{
    private SaslExchange? _exchange;
    private SaslStep _step;
    private bool _tooLong;

    int ILineProtocol.LineBytesMax => SaslExchange.LineBytesMax;

    private IPAddress Peer => client.Address ?? IPAddress.None;

    LineStep ILineProtocol.OnLine(ReadOnlySpan<byte> line, IBufferWriter<byte> reply)
    {
        _step = _exchange!.OnLine(line);
        return LineStep.Pause;
    }

    LineStep ILineProtocol.OnLineTooLong(IBufferWriter<byte> reply)
    {
        _tooLong = true;
        return LineStep.Pause;
    }

    /// <summary>Runs it, from the verb to the last reply.</summary>
    internal async Task<SmtpLoginEnd> RunAsync(
        SaslOffer offer, TimeSpan timeout, CancellationToken stop)
    {
        Begin(offer);
        if (_exchange is null)
        {
            session.OnError(AuthReply.NoMechanism, connection.Output);
            return SmtpLoginEnd.Done;
        }

        while (!_tooLong && _step is SaslStep.Challenge or SaslStep.Ask)
        {
            if (_step == SaslStep.Ask)
            {
                if (!await AskAsync(stop))
                {
                    return SmtpLoginEnd.Stopped;
                }

                continue;
            }

            _exchange.WriteChallenge("334 "u8, connection.Output);
            PumpEnd end = await new LinePump(connection, this).RunAsync(timeout, stop);
            if (end != PumpEnd.Paused)
            {
                return end == PumpEnd.TimedOut ? SmtpLoginEnd.TimedOut
                    : end == PumpEnd.Stopped ? SmtpLoginEnd.Stopped
                    : SmtpLoginEnd.Broken;
            }
        }

        return !_tooLong && _step == SaslStep.Done && await RefuseAsync(_exchange, stop)
            is { } refusal ? refusal : Conclude(_exchange);
    }

    // Null if no plugin refuses the user, whose login is valid.
    private async Task<SmtpLoginEnd?> RefuseAsync(SaslExchange exchange, CancellationToken stop)
    {
        SmtpSubject subject = new(
            Encoding.UTF8.GetBytes(exchange.Account), session.Helo, [], []);
        services.Plugins.Note(PluginStage.Auth, subject);
        services.Plugins.Environment.SetText("SMTPAUTHMETHOD", exchange.Mechanism);
        SmtpRuling ruling = await services.Plugins.RunAsync(
            PluginStage.Auth, subject, isOurs: false, stop);
        if (ruling.Refusal is { } refusal)
        {
            session.OnError(refusal, connection.Output);
            Log($"refused by {RefusalLog.NameOf(SmtpCheck.AuthPlugins)}: {refusal.Line}");
            services.Plugins.ForgetLogin();
        }

        return ruling.Ends ? SmtpLoginEnd.Expelled
            : ruling.Refusal is null ? null : SmtpLoginEnd.Done;
    }

    private void Begin(SaslOffer offer)
    {
        ReadOnlySpan<byte> argument = session.Argument.Span.Trim((byte)' ');
        int space = argument.IndexOf((byte)' ');
        ReadOnlySpan<byte> name = space < 0 ? argument : argument[..space];
        _exchange = offer.Begin(name);
        _step = _exchange?.Begin(space < 0 ? [] : argument[(space + 1)..].TrimStart((byte)' '))
            ?? SaslStep.Failed;
    }

    // False if the listener ends meanwhile.
    private async Task<bool> AskAsync(CancellationToken stop)
    {
        try
        {
            SaslAnswer answer =
                await services.Logins!.AnswerAsync(Peer, _exchange!.Question!, stop);
            _step = _exchange.OnAnswer(answer);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private SmtpLoginEnd Conclude(SaslExchange exchange)
    {
        switch (_tooLong ? SaslStep.Malformed : _step)
        {
            case SaslStep.Done:
                session.OnAuthenticated(Encoding.UTF8.GetBytes(exchange.Account));
                session.Say(connection.Output, AuthReply.LoggedIn);
                Log($"{LogText.Safe(Encoding.UTF8.GetBytes(exchange.Account))} logged in by "
                    + exchange.Mechanism);
                journal.Login(
                    isGood: true, Encoding.UTF8.GetBytes(exchange.Account), exchange.Mechanism);
                return SmtpLoginEnd.Done;
            case SaslStep.Failed:
                session.OnError(AuthReply.LoginFailed, connection.Output);
                byte[] name = exchange.Question?.Name ?? [];
                Log($"login failed by {exchange.Mechanism} for {SessionLog.Claimed(name)}");
                journal.Login(isGood: false, name, exchange.Mechanism);
                return SmtpLoginEnd.Failed;
            case SaslStep.Cancelled:
                session.OnError(AuthReply.LoginCancelled, connection.Output);
                return SmtpLoginEnd.Done;
            case SaslStep.Later:
                session.Say(connection.Output, AuthReply.LoginLater);
                Log("a login could not be judged");
                return SmtpLoginEnd.Done;
            default:
                session.OnError(
                    _tooLong ? AuthReply.ResponseTooLong : AuthReply.BadResponse,
                    connection.Output);
                return SmtpLoginEnd.Done;
        }
    }

    private void Log(string what) => services.Log($"{connection.Number} {Peer}: {what}");
}

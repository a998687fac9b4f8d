using System.Buffers;
using System.Net;
using System.Text;
using Kopis.Base;
using Kopis.Mail.Pop3;
using Kopis.Mail.Sasl;
using Kopis.Net;
using Kopis.Net.Tls;

namespace Kopis.Server.Pop3;

/// <summary>The part of a session up to the end of its only login attempt, over TLS if the client
/// or the listener wants that.</summary>
internal sealed class LoginConversation : ILineProtocol
{
    /// <summary>For a line, and for the whole login (contract §10.1).</summary>
    internal static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1200);

    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(10);

    private readonly Connection _connection;
    private readonly byte[] _stamp;
    private readonly Pop3Logins _logins;
    private readonly TlsServer _tls;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly Pop3Journal _journal;
    private readonly long _began;
    private Pop3Login _login;
    private Pop3LoginStep _step;
    private byte[] _ticket = [];
    private byte[] _name = []; // The name in the last question, as the client gave it.

    /// <summary>Prepares it.</summary>
    /// <param name="connection">The client.</param>
    /// <param name="stamp">The stamp of the greeting.</param>
    /// <param name="logins">Checks logins.</param>
    /// <param name="tls">Our certificates.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Writes a line to the listener's log.</param>
    /// <param name="journal">Writes records to the journal.</param>
    /// <exception cref="Base.ConfigurationException">A control file cannot be used.</exception>
    internal LoginConversation(
        Connection connection, byte[] stamp, Pop3Logins logins, TlsServer tls,
        TimeProvider time, Action<string> log, Pop3Journal journal)
    {
        _connection = connection;
        _stamp = stamp;
        _logins = logins;
        _tls = tls;
        _time = time;
        _log = log;
        _journal = journal;
        _began = time.GetTimestamp();
        _login = NewLogin();
    }

    int ILineProtocol.LineBytesMax => _login.LineBytesMax;

    /// <summary>Whether the client knows response codes.</summary>
    internal bool KnowsCodes => _login.KnowsCodes;

    private IPAddress Peer => _connection.Remote?.Address ?? IPAddress.None;

    LineStep ILineProtocol.OnLine(ReadOnlySpan<byte> line, IBufferWriter<byte> reply) =>
        After(_login.OnLine(line, reply));

    LineStep ILineProtocol.OnLineTooLong(IBufferWriter<byte> reply) =>
        After(_login.OnLineTooLong(reply));

    /// <summary>Greets the client and handles its lines.</summary>
    /// <returns>The client whose mail is to be served; null if the session has ended.</returns>
    /// <exception cref="Base.ConfigurationException">The account cannot be looked up at present.
    /// </exception>
    /// <exception cref="OperationCanceledException">The listener is ending.</exception>
    internal async Task<Pop3Client?> RunAsync(CancellationToken stop)
    {
        if (_connection.Environment["POP3S"] is not null
            && !await BeginTlsAsync(ReadOnlyMemory<byte>.Empty))
        {
            return null;
        }

        _login.Greet(_connection.Output);
        while (await new LinePump(_connection, this).RunAsync(Timeout, stop) == PumpEnd.Paused)
        {
            while (_step == Pop3LoginStep.Check)
            {
                _name = _login.Question.Name;
                SaslAnswer answer = await _logins.AnswerAsync(Peer, _login.Question, stop);
                _ticket = answer.Ticket;
                _step = _login.OnAnswer(answer, _connection.Output);
            }

            if (_step == Pop3LoginStep.StartTls)
            {
                if (!await BeginTlsAsync(Pop3Reply.ReadyForTls.ToArray()))
                {
                    return null;
                }
            }
            else if (_step != Pop3LoginStep.NextLine)
            {
                return await ConcludeAsync();
            }
        }

        return null;
    }

    /// <summary>Sends the last reply to a client that may have sent more by now.</summary>
    internal async Task RefuseAsync(ReadOnlyMemory<byte> refusal, ReadOnlyMemory<byte> code)
    {
        _connection.Output.Write(Pop3Code.Add(refusal.Span, code.Span, KnowsCodes));
        _connection.SetDeadline(LingerTime);
        await _connection.FlushAndLingerAsync();
    }

    private async Task<Pop3Client?> ConcludeAsync()
    {
        if (_step == Pop3LoginStep.Later)
        {
            await RefuseAsync(Pop3Reply.AuthorizationLater.ToArray(), Pop3Code.Temporary.ToArray());
            return null;
        }

        if (_step == Pop3LoginStep.Accepted
            && _logins.ClientOf(_login.Account, _ticket) is { } client)
        {
            _log($"{_connection.Number} {Peer}: {Safe(client.Name)} logged in");
            _journal.Login(_connection, Peer, isGood: true, Encoding.UTF8.GetBytes(client.Name));
            return client;
        }

        _log($"authorization failed for {Peer}"); // Exactly this text: other programs parse it.
        _log($"{_connection.Number} {Peer}: login failed for {SessionLog.Claimed(_name)}");
        _journal.Login(_connection, Peer, isGood: false, _name);
        await RefuseAsync(Pop3Reply.AuthorizationFailed.ToArray(), Pop3Code.Auth.ToArray());
        return null;
    }

    private static string Safe(string name) => LogText.Safe(Encoding.UTF8.GetBytes(name));

    // RFC 2595 §4: what was said in plain text is forgotten, and there is no second greeting.
    private async ValueTask<bool> BeginTlsAsync(ReadOnlyMemory<byte> agreement)
    {
        TlsStart start = await _connection.StartTlsAsync(_tls, agreement);
        if (start.HasPlaintextAhead)
        {
            _connection.Output.Write(Pop3Reply.PlaintextAhead);
            _connection.SetDeadline(LingerTime);
            await _connection.FlushAndLingerAsync();
        }

        _login = NewLogin();
        return start.Established;
    }

    private Pop3Login NewLogin() =>
        new(_stamp, _logins.OfferTo(_connection, hasTls: _tls.IsOffered));

    private LineStep After(Pop3LoginStep step)
    {
        _step = step;
        return step == Pop3LoginStep.Close || _time.GetElapsedTime(_began) > Timeout
                ? LineStep.Close
            : step == Pop3LoginStep.NextLine ? LineStep.Continue
            : LineStep.Pause;
    }
}

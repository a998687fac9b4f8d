using System.Buffers;
using Kopis.Mail;
using Kopis.Net;

namespace Kopis.Read;

/// <summary>The lines of one session up to its one try to log in, over TLS where the client or the
/// listener wants it.</summary>
internal sealed class LoginConversation : ILineProtocol
{
    /// <summary>For a line, and for the whole login (contract §10.1).</summary>
    internal static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1200);

    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(10);

    private readonly Connection _connection;
    private readonly byte[] _stamp;
    private readonly TlsServer _tls;
    private readonly TimeProvider _time;
    private readonly long _began;
    private Pop3Login _login;
    private Pop3LoginStep _step;

    /// <summary>Prepares it.</summary>
    /// <param name="connection">The client.</param>
    /// <param name="stamp">The greeting's.</param>
    /// <param name="tls">Our certificates.</param>
    /// <param name="time">The clock.</param>
    internal LoginConversation(
        Connection connection, byte[] stamp, TlsServer tls, TimeProvider time)
    {
        _connection = connection;
        _stamp = stamp;
        _tls = tls;
        _time = time;
        _began = time.GetTimestamp();
        _login = NewLogin();
    }

    int ILineProtocol.LineBytesMax => Pop3Limits.LineBytesMax;

    LineStep ILineProtocol.OnLine(ReadOnlySpan<byte> line, IBufferWriter<byte> reply) =>
        After(_login.OnLine(line, reply));

    LineStep ILineProtocol.OnLineTooLong(IBufferWriter<byte> reply) =>
        After(_login.OnLineTooLong(reply));

    /// <summary>Greets and takes lines.</summary>
    /// <returns>What to check; null where the session has ended.</returns>
    internal async Task<Pop3Credentials?> RunAsync(CancellationToken stop)
    {
        if (_connection.Environment["POP3S"] is not null
            && !await BeginTlsAsync(ReadOnlyMemory<byte>.Empty))
        {
            return null;
        }

        _login.Greet(_connection.Output);
        while (await new LinePump(_connection, this).RunAsync(Timeout, stop) == PumpEnd.Paused)
        {
            if (_step == Pop3LoginStep.Check)
            {
                return _login.TakeCredentials();
            }

            if (!await BeginTlsAsync(Pop3Reply.ReadyForTls.ToArray()))
            {
                return null;
            }
        }

        return null;
    }

    // RFC 2595 §4: what was said in the clear is forgotten, and there is no second greeting.
    private async ValueTask<bool> BeginTlsAsync(ReadOnlyMemory<byte> agreement)
    {
        TlsStart start = await _connection.StartTlsAsync(_tls, agreement);
        if (start.HasPlaintextAhead)
        {
            _connection.Output.Write(Pop3Reply.PlaintextAhead);
            _connection.SetDeadline(LastWords);
            await _connection.FlushAndLingerAsync();
        }

        _login = NewLogin();
        return start.Established;
    }

    private Pop3Login NewLogin() => new(_stamp, _connection.Tls is null && _tls.IsOffered);

    private LineStep After(Pop3LoginStep step)
    {
        _step = step;
        return step is Pop3LoginStep.Check or Pop3LoginStep.StartTls ? LineStep.Pause
            : step == Pop3LoginStep.Close || _time.GetElapsedTime(_began) > Timeout
                ? LineStep.Close
            : LineStep.Continue;
    }
}

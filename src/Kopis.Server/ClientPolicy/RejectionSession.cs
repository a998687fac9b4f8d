using System.Buffers;
using Kopis.Base;
using Kopis.Net;

namespace Kopis.Server.ClientPolicy;

/// <summary>The session with a refused client. It may greet, reset and quit; every attempt to send
/// mail gets the rejection (contract §12.3).</summary>
internal sealed class RejectionSession(Rejection rejection, TimeSpan timeout, TimeProvider time)
    : ILineProtocol
{
    private readonly byte[] _reply = rejection.Reply;
    private readonly long _since = time.GetTimestamp();

    // No SMTP command is longer (RFC 5321 §4.5.3.1.4: 512). The rest of a longer line is dropped.
    public int LineBytesMax => 1024;

    public LineStep OnLine(ReadOnlySpan<byte> line, IBufferWriter<byte> reply)
    {
        int end = line.IndexOf((byte)' ');
        ReadOnlySpan<byte> verb = end < 0 ? line : line[..end];
        if (Ascii8.EqualsIgnoreCase(verb, "QUIT"u8))
        {
            reply.Write("221 rblsmtpd.local\r\n"u8);
            return LineStep.Close;
        }

        reply.Write(IsHarmless(verb) ? "250 rblsmtpd.local\r\n"u8 : _reply);
        return time.GetElapsedTime(_since) < timeout ? LineStep.Continue : LineStep.Close;
    }

    public LineStep OnLineTooLong(IBufferWriter<byte> reply) => OnLine([], reply);

    /// <summary>Replies until the client quits or leaves, or the time is over.</summary>
    internal async Task RunAsync(Connection connection, CancellationToken stop)
    {
        using CancellationTokenSource limit =
            CancellationTokenSource.CreateLinkedTokenSource(stop);
        using ITimer timer = time.CreateTimer(
            _ => limit.Cancel(), null, timeout, Timeout.InfiniteTimeSpan);
        connection.Output.Write("220 rblsmtpd.local\r\n"u8);
        await new LinePump(connection, this).RunAsync(timeout, limit.Token);
    }

    private static bool IsHarmless(ReadOnlySpan<byte> verb) =>
        Ascii8.EqualsIgnoreCase(verb, "HELO"u8) || Ascii8.EqualsIgnoreCase(verb, "EHLO"u8)
        || Ascii8.EqualsIgnoreCase(verb, "MAIL"u8) || Ascii8.EqualsIgnoreCase(verb, "RSET"u8)
        || Ascii8.EqualsIgnoreCase(verb, "NOOP"u8);
}

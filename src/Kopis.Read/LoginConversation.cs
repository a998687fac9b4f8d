using System.Buffers;
using Kopis.Mail;
using Kopis.Net;

namespace Kopis.Read;

/// <summary>The lines of one session up to its one try to log in.</summary>
internal sealed class LoginConversation(Connection connection, Pop3Login login, TimeProvider time)
    : ILineProtocol
{
    /// <summary>For a line, and for the whole login (contract §10.1).</summary>
    internal static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1200);

    private readonly long _began = time.GetTimestamp();

    int ILineProtocol.LineBytesMax => Pop3Limits.LineBytesMax;

    LineStep ILineProtocol.OnLine(ReadOnlySpan<byte> line, IBufferWriter<byte> reply) =>
        After(login.OnLine(line, reply));

    LineStep ILineProtocol.OnLineTooLong(IBufferWriter<byte> reply) =>
        After(login.OnLineTooLong(reply));

    /// <summary>Greets and takes lines.</summary>
    /// <returns>What to check; null where the session has ended.</returns>
    internal async Task<Pop3Credentials?> RunAsync(CancellationToken stop)
    {
        login.Greet(connection.Output);
        PumpEnd end = await new LinePump(connection, this).RunAsync(Timeout, stop);
        return end == PumpEnd.Paused ? login.TakeCredentials() : null;
    }

    private LineStep After(Pop3LoginStep step) =>
        step == Pop3LoginStep.Check ? LineStep.Pause
        : step == Pop3LoginStep.Close || time.GetElapsedTime(_began) > Timeout ? LineStep.Close
        : LineStep.Continue;
}

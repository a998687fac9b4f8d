using System.Buffers;
using System.Globalization;
using Kopis.Base;
using Kopis.Net;
using Kopis.Posix;

namespace Kopis.Server.ClientPolicy;

/// <summary>rblsmtpd as a link of a chain: clients that it lets in are served by the next link.
/// </summary>
internal sealed class RblsmtpdHandler : ISessionHandler
{
    private static readonly TimeSpan LingerTime = TimeSpan.FromSeconds(10);

    private readonly RblsmtpdOptions _options;
    private readonly ClientCheck _check;
    private readonly ISessionHandler _next;
    private readonly TimeProvider _time;

    internal RblsmtpdHandler(
        RblsmtpdOptions options, DnsListQuery lists, ISessionHandler next, TimeProvider time)
    {
        _options = options;
        _check = new ClientCheck(options, lists);
        _next = next;
        _time = time;
    }

    public async Task<int> RunAsync(Connection connection, CancellationToken stop)
    {
        Rejection? rejection;
        try
        {
            rejection = await _check.RunAsync(connection.Environment, stop);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Success; // The listener is ending; nothing was sent yet.
        }

        if (rejection is null)
        {
            return await _next.RunAsync(connection, stop);
        }

        await RejectAsync(connection, rejection, _options.Timeout, _time, stop);
        return ExitCode.Success;
    }

    public ReadOnlyMemory<byte> TooManyConnections(ByteEnvironment environment) =>
        _next.TooManyConnections(environment);

    /// <summary>Logs the client, and replies to it until it leaves.</summary>
    internal static async Task RejectAsync(
        Connection connection, Rejection rejection, TimeSpan timeout, TimeProvider time,
        CancellationToken stop)
    {
        // In a listener the connection's number takes the place of the process id, as in the
        // listener's log.
        long pid = connection.Number > 0 ? connection.Number : Processes.Id;
        byte[] client = connection.Environment["TCPREMOTEIP"] ?? [];
        Log(string.Create(
            CultureInfo.InvariantCulture,
            $"rblsmtpd: {LogText.Safe(client)} pid {pid}: {rejection.Code} {rejection.Text}\n"));
        if (timeout == TimeSpan.Zero)
        {
            connection.Output.Write(rejection.Reply);
            connection.SetDeadline(LingerTime);
            await connection.FlushAndLingerAsync();
            return;
        }

        await new RejectionSession(rejection, timeout, time).RunAsync(connection, stop);
    }

    private static void Log(string line)
    {
        try
        {
            Fd.WriteAll(2, ByteText.ToBytes(line));
        }
        catch (PosixException)
        {
            // The log cannot be written; the client still gets its reply.
        }
    }
}

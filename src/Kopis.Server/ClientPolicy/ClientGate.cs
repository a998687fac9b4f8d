using System.IO.Pipelines;
using System.Net;
using Kopis.Base;
using Kopis.Config;
using Kopis.Mail.Smtp;
using Kopis.Net;
using Kopis.Net.Dns;

namespace Kopis.Server.ClientPolicy;

/// <summary>Checks each client of a listener before its session: counts it, delays it, and looks up
/// its lists and names, all at once. Takes timers but no thread.</summary>
public sealed class ClientGate
{
    private static readonly SmtpAnswer TalksEarly =
        new("554 5.5.0 sorry, you must wait for my greeting");

    private static readonly SmtpAnswer Ending =
        new("421 4.3.2 going down");

    private readonly Reloading<ClientSettings> _settings;
    private readonly Reloading<UseTables> _limits;
    private readonly LogThrottle _log;

    /// <summary>Makes the gate of a listener.</summary>
    /// <param name="control">Where the control files are.</param>
    /// <param name="dns">Makes the DNS client when it is needed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Writes a line to the log.</param>
    public ClientGate(
        ControlDirectory control, Func<IMailDns> dns, TimeProvider time, Action<string> log)
    {
        _log = new LogThrottle(log, time);
        _settings = new Reloading<ClientSettings>(
            control.Watched(ClientSettings.Files),
            () => ClientSettings.Load(control, dns, time, log), time);
        _limits = new Reloading<UseTables>(
            control.Watched(ClientSettings.LimitFiles),
            () => ClientSettings.LoadLimits(control, time), time);
    }

    /// <summary>Reads the control files.</summary>
    /// <exception cref="ConfigurationException">One cannot be parsed.</exception>
    public void Check()
    {
        _ = _settings.Current();
        _ = _limits.Current();
    }

    /// <summary>Checks a client. One with an empty RBLSMTPD is not checked; for one with
    /// RELAYCLIENT nothing is looked up.</summary>
    /// <param name="connection">The connection of the client, or of the host that speaks for it.
    /// </param>
    /// <param name="environment">The environment of the session.</param>
    /// <param name="isGreeted">Whether we speak first and have not spoken yet.</param>
    /// <param name="stop">Ends the check; the client is turned away.</param>
    public async Task<ClientState> AdmitAsync(
        Connection connection, ByteEnvironment environment, bool isGreeted,
        CancellationToken stop)
    {
        if (environment["RBLSMTPD"] is { Length: 0 })
        {
            return LetAlone();
        }

        ClientSettings settings = _settings.Current();
        IPAddress? client = AddressIn(environment);
        ClientState standing =
            ClientState.Open(settings, _limits.Current(), client, _log);
        if (standing.TurnedAway is not null || client is null
            || environment["RELAYCLIENT"] is not null)
        {
            return standing;
        }

        try
        {
            await JudgeAsync(standing, client, settings, isGreeted ? connection : null, stop);
        }
        catch
        {
            standing.Dispose();
            throw;
        }

        if ((standing.TurnedAway ?? standing.Refusal) is { } refusal)
        {
            _log.Write(
                "refused clients",
                $"{connection.Number} {client}: {refusal.Line}");
        }

        return standing;
    }

    /// <summary>The state of a client that is not checked. If it logs in, the user is counted.
    /// </summary>
    /// <exception cref="ConfigurationException">A control file cannot be parsed.</exception>
    public ClientState LetAlone() => ClientState.OfUsersOnly(_limits.Current(), _log);

    private static async Task JudgeAsync(
        ClientState standing, IPAddress client, ClientSettings settings,
        Connection? silent, CancellationToken stop)
    {
        Task<Listing> listing = settings.Lists?.AskAsync(client) ?? Task.FromResult(Listing.None);
        Task<NameProof> proof =
            settings.Names?.AskAsync(client) ?? Task.FromResult(NameProof.Proven);
        if (silent is not null && settings.GreetDelay > TimeSpan.Zero)
        {
            standing.TurnedAway = await WaitAsync(silent, settings.GreetDelay, stop);
        }

        if (standing.TurnedAway is not null)
        {
            return;
        }

        try
        {
            Listing said = await listing.WaitAsync(stop);
            NameProof name = await proof.WaitAsync(stop);
            standing.Refusal = ClientJudge.Refusal(client, settings, said, name);
            standing.Mark = ClientJudge.Mark(client, settings, said, name);
        }
        catch (OperationCanceledException)
        {
            standing.TurnedAway = Ending;
        }
    }

    // Null if the client waited, as it must (RFC 5321 §4.3.1), or has gone already.
    private static async Task<SmtpAnswer?> WaitAsync(
        Connection connection, TimeSpan delay, CancellationToken stop)
    {
        using CancellationTokenRegistration wake = stop.UnsafeRegister(
            static input => ((PipeReader)input!).CancelPendingRead(), connection.Input);
        connection.SetDeadline(delay);
        while (await connection.TryReadAsync() is { } read)
        {
            bool spoke = !read.Buffer.IsEmpty;
            connection.Input.AdvanceTo(read.Buffer.Start);
            if (spoke || stop.IsCancellationRequested)
            {
                return spoke ? TalksEarly : Ending;
            }

            if (read.IsCompleted)
            {
                break;
            }
        }

        return null;
    }

    private static IPAddress? AddressIn(ByteEnvironment environment) =>
        environment.Text("TCPREMOTEIP") is { } text
            && IPAddress.TryParse(text, out IPAddress? address)
            ? PlainAddress.Of(address)
            : null;
}

using Kopis.Base;
using Kopis.Config;
using Kopis.Mail.Smtp;
using Kopis.Net;
using Kopis.Net.Tls;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Server.Checks;
using Kopis.Server.ClientPolicy;
using Kopis.Server.Filters;
using Kopis.Server.Greylist;
using Kopis.Server.Plugins;
using Kopis.Users.Logins;

namespace Kopis.Server.Smtp;

/// <summary>qmail-smtpd's sessions, by hand or in a listener.</summary>
/// <param name="control">Where the control files are.</param>
/// <param name="queue">The queue for a connection; QMAILQUEUE may come from its rules.</param>
/// <param name="recipients">Checks whether recipients exist; null: no check.</param>
/// <param name="senders">Knows users' aliases; null: nobody does.</param>
/// <param name="gate">Checks clients before their sessions.</param>
/// <param name="logins">Checks logins; null: there are none.</param>
/// <param name="checks">The checks of messages.</param>
/// <param name="filters">The filters that decide about messages and change them.</param>
/// <param name="plugins">The programs that are asked.</param>
/// <param name="greylist">The greylist.</param>
/// <param name="journal">Writes records to the journal.</param>
/// <param name="time">The clock.</param>
internal sealed class SmtpHandler(
    ControlDirectory control, Func<ByteEnvironment, IIntakeClient> queue,
    IRecipientCheck? recipients, ISenderCheck? senders, ClientGate gate, SaslService? logins,
    MailChecks checks, MailFilters filters, PluginService plugins, GreylistService greylist,
    JournalSocket journal, TimeProvider time)
    : ISessionHandler
{
    private readonly Reloading<SmtpSettings> _settings = SmtpSettings.In(control, time);
    private readonly TlsServer _tls = new(control, time, Log);
    private readonly LogThrottle _floods = new(Log, time);
    private readonly DeliveryNames _names = new(control, time);

    /// <summary>Reads the control files, so that a listener does not start with bad ones.</summary>
    /// <exception cref="ConfigurationException">One cannot be parsed.</exception>
    /// <param name="environment">If SMTPS is set, TLS is required and not just offered.</param>
    internal void Check(ByteEnvironment environment)
    {
        _ = _settings.Current();
        gate.Check();
        checks.Check();
        filters.Check();
        plugins.Check();
        greylist.Check();
        if (!_tls.IsOffered && environment["SMTPS"] is not null)
        {
            throw new ConfigurationException("SMTPS is set, and there is no servercert.pem");
        }

        if (logins is null && environment["SUBMISSION"] is not null)
        {
            throw new ConfigurationException(
                "SUBMISSION is set, and nothing to check passwords with: "
                    + "qmail-smtpd HOST checkpassword true");
        }
    }

    public async Task<int> RunAsync(Connection connection, CancellationToken stop)
    {
        try
        {
            SmtpSettings settings = _settings.Current();
            ClientInfo client = new(connection.Environment, Helo: null);
            while (true)
            {
                using ClientState standing =
                    await AdmitAsync(connection, client, settings, stop);
                if (standing.TurnedAway is { } answer)
                {
                    return await TurnAwayAsync(connection, answer);
                }

                greylist.Check();
                SessionPlugins own = plugins.Begin(client, WhoIs(connection, client));
                SmtpServices services = new(
                    queue(own.Environment), _tls, recipients, senders,
                    standing, logins, checks, filters, own, greylist, time, _names, Log, _floods,
                    journal);
                await using SmtpConversation conversation =
                    new(connection, client, settings, services);
                int exit = await conversation.RunAsync(stop);
                if (conversation.Successor is not { } next)
                {
                    return exit;
                }

                client = next;
            }
        }
        catch (Exception e) when (e is ConfigurationException or InvalidDataException)
        {
            // The latter comes from morercpthosts.cdb, where a lookup may be the first to find
            // damage.
            _floods.Write("sessions without control files", $"fatal: {e.Message}");
            return await TurnAwayAsync(connection, SmtpReply.NoControls);
        }
    }

    /// <summary>The name of a session in the log.</summary>
    internal static string WhoIs(Connection connection, ClientInfo client) =>
        $"{connection.Number} "
            + LogText.Safe(client.Environment["TCPREMOTEIP"] ?? "unknown"u8.ToArray());

    public ReadOnlyMemory<byte> TooManyConnections(ByteEnvironment environment) =>
        environment["SMTPS"] is null
            ? SmtpReply.TooManyConnections.ToBytes(enhanced: false) : default;

    // A host that speaks for others is not checked, but each of its clients is.
    private async ValueTask<ClientState> AdmitAsync(
        Connection connection, ClientInfo client, SmtpSettings settings, CancellationToken stop)
    {
        bool isPeer = ReferenceEquals(client.Environment, connection.Environment);
        return isPeer && client.Address is { } peer && settings.XClients.ContainsSurely(peer)
            ? gate.LetAlone()
            : await gate.AdmitAsync(
                connection, client.Environment,
                isGreeted: isPeer && connection.Environment["SMTPS"] is null, stop);
    }

    // If TLS begins with the first byte, the client could not read a reply.
    private static async Task<int> TurnAwayAsync(Connection connection, SmtpAnswer answer)
    {
        if (connection.Environment["SMTPS"] is null || connection.Tls is not null)
        {
            answer.WriteTo(connection.Output, enhanced: false);
        }

        connection.SetDeadline(SmtpConversation.LingerTime);
        await connection.FlushAndLingerAsync();
        return SmtpConversation.ExitEarly;
    }

    internal static void Log(string line) => SessionLog.Write("qmail-smtpd", line);
}

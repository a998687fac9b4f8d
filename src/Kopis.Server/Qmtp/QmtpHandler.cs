using System.Net;
using Kopis.Base;
using Kopis.Config;
using Kopis.Mail.Smtp;
using Kopis.Net;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Server.Smtp;

namespace Kopis.Server.Qmtp;

/// <summary>qmail-qmtpd's sessions, by hand or in a listener.</summary>
/// <param name="control">Where the control files are.</param>
/// <param name="queue">The queue for a connection; QMAILQUEUE may come from its rules.</param>
/// <param name="journal">Writes records to the journal.</param>
/// <param name="time">The clock.</param>
internal sealed class QmtpHandler(
    ControlDirectory control, Func<ByteEnvironment, IIntakeClient> queue, JournalSocket journal,
    TimeProvider time)
    : ISessionHandler
{
    private readonly DeliveryNames _names = new(control, time);
    private readonly Reloading<QmtpSettings> _settings = QmtpSettings.In(control, time);

    /// <summary>Checks whether SRS addresses were made here; null: no check.</summary>
    internal IRecipientCheck? Recipients { get; init; }

    /// <summary>Reads the control files, so that a listener does not start with bad ones.</summary>
    /// <exception cref="ConfigurationException">One cannot be parsed.</exception>
    internal void Check() => _ = _settings.Current();

    public async Task<int> RunAsync(Connection connection, CancellationToken stop)
    {
        try
        {
            QmtpSettings settings = _settings.Current();
            ReceivePolicy policy = new(
                settings.DataBytes, settings.RcptHosts, settings.Recipients, _names,
                connection.Environment);
            IPAddress? client = new ClientInfo(connection.Environment, Helo: null).Address;
            bool isStranger = policy.RelayClient is null;
            TransferJournal own = new("qmtp", connection, journal, settings.JournalsSubjects);
            own.Open();
            QmtpConversation conversation = new(
                connection, policy, queue(connection.Environment), own, time,
                isStranger && settings.Refuses(client))
            {
                Recipients = Recipients,
                Client = client,
                OwnNames = isStranger && (client is null || !settings.Checks.IsLocal(client))
                    ? settings.Checks.Names : null,
            };
            try
            {
                return await conversation.RunAsync(stop);
            }
            finally
            {
                own.Close();
            }
        }
        catch (Exception e) when (e is ConfigurationException or InvalidDataException)
        {
            // The latter comes from morercpthosts.cdb, where a lookup may be the first to find
            // damage.
            SessionLog.Fatal("qmail-qmtpd", e);
            return ExitCode.Temporary;
        }
    }
}

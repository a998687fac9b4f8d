using Kopis.Base;
using Kopis.Config;
using Kopis.Mail.Qmtp;
using Kopis.Net;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Server.Qmtp;

/// <summary>qmail-qmqpd's sessions, by hand or in a listener: one message each (contract §9.3).
/// </summary>
/// <param name="control">Where the control files are.</param>
/// <param name="queue">The queue for a connection; QMAILQUEUE may come from its rules.</param>
/// <param name="journal">Writes records to the journal.</param>
/// <param name="time">The clock.</param>
internal sealed class QmqpHandler(
    ControlDirectory control, Func<ByteEnvironment, IIntakeClient> queue, JournalSocket journal,
    TimeProvider time)
    : ISessionHandler
{
    private readonly Reloading<QmqpSettings> _settings = QmqpSettings.In(control, time);

    /// <summary>Reads the control files, so that a listener does not start with bad ones.</summary>
    /// <exception cref="ConfigurationException">One cannot be parsed.</exception>
    internal void Check() => _ = _settings.Current();

    public async Task<int> RunAsync(Connection connection, CancellationToken stop)
    {
        QmqpSettings settings;
        try
        {
            settings = _settings.Current();
        }
        catch (ConfigurationException e)
        {
            SessionLog.Fatal("qmail-qmqpd", e);
            return ExitCode.Temporary;
        }

        TransferJournal own = new("qmqp", connection, journal, settings.JournalsSubjects);
        own.Open();
        TransferPump pump = new(connection, "QMQP"u8.ToArray(), time);
        connection.SetDeadline(TransferPump.SessionMax);
        QmqpReader reader = new(QueueLimits.EnvelopeBytesMax, settings.RecipientsMax);
        await using MessageUpload upload = new(queue(connection.Environment));
        if (await pump.ReadAsync(reader, upload, stop) is { } code)
        {
            return code;
        }

        byte[] envelope = reader.Envelope();
        byte[] Refused(string check, ReadOnlySpan<byte> text) =>
            TransferAnswer.Refused(own, check, envelope, text);
        byte[] answer = reader.HasUnfitAddress ? Refused("address", TransferReply.BadAddress)
            : reader.HasTooManyRecipients
                ? Refused("recipientcount", TransferReply.TooManyRecipients)
            : reader.IsEnvelopeTooBig
                ? Refused("queue", TransferAnswer.Describe(QueueCode.OutOfMemory))
            : await TransferAnswer.FinishAsync(upload, envelope, pump, own, time);
        Netstring.Write(connection.Output, answer);
        await connection.FlushAndLingerAsync();
        return ExitCode.Success;
    }
}

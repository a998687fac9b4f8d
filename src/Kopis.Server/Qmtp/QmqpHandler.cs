using Kopis.Base;
using Kopis.Config;
using Kopis.Mail.Qmtp;
using Kopis.Net;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Server.Qmtp;

/// <summary>qmail-qmqpd's sessions, by hand or in a listener: one message each (contract §9.3).
/// </summary>
/// <param name="control">Where the control files are.</param>
/// <param name="queue">The queue for a connection; QMAILQUEUE may come from its rules.</param>
/// <param name="time">The clock.</param>
internal sealed class QmqpHandler(
    ControlDirectory control, Func<ByteEnvironment, IIntakeClient> queue, TimeProvider time)
    : ISessionHandler
{
    private readonly Reloading<RecipientLimits> _limits = new(
        control.Watched(RecipientLimits.Files),
        () => RecipientLimits.Load(control), time);

    /// <summary>Reads the control files, so that a listener does not start with bad ones.</summary>
    /// <exception cref="ConfigurationException">One cannot be parsed.</exception>
    internal void Check() => _ = _limits.Current();

    public async Task<int> RunAsync(Connection connection, CancellationToken stop)
    {
        int recipientsMax;
        try
        {
            recipientsMax = _limits.Current().Known;
        }
        catch (ConfigurationException e)
        {
            SessionLog.Fatal("qmail-qmqpd", e);
            return ExitCode.Temporary;
        }

        TransferPump pump = new(connection, "QMQP"u8.ToArray(), time);
        connection.SetDeadline(TransferPump.SessionMax);
        QmqpReader reader = new(QueueLimits.EnvelopeBytesMax, recipientsMax);
        await using MessageUpload upload = new(queue(connection.Environment));
        if (await pump.ReadAsync(reader, upload, stop) is { } code)
        {
            return code;
        }

        byte[] answer = reader.HasUnfitAddress ? TransferReply.BadAddress.ToArray()
            : reader.HasTooManyRecipients ? TransferReply.TooManyRecipients.ToArray()
            : reader.IsEnvelopeTooBig ? TransferAnswer.Describe(QueueCode.OutOfMemory)
            : await TransferAnswer.FinishAsync(upload, reader.Envelope(), time);
        Netstring.Write(connection.Output, answer);
        await connection.FlushAndLingerAsync();
        return ExitCode.Success;
    }
}

using Kopis.Base;
using Kopis.Mail;
using Kopis.Net;
using Kopis.Queue;

namespace Kopis.Receive;

/// <summary>qmail-qmqpd's sessions, by hand or in a listener: one message each (contract §9.3).
/// </summary>
/// <param name="queue">The queue for a connection; QMAILQUEUE may come from its rules.</param>
/// <param name="time">The clock.</param>
internal sealed class QmqpHandler(
    Func<ByteEnvironment, ISubmissionClient> queue, TimeProvider time) : ISessionHandler
{

    public async Task<int> RunAsync(Connection connection, CancellationToken stop)
    {
        TransferPump pump = new(connection, "QMQP"u8.ToArray(), time);
        connection.SetDeadline(TransferPump.SessionMax);
        QmqpReader reader = new(QueueLimits.EnvelopeBytesMax);
        await using MessageUpload upload = new(queue(connection.Environment));
        if (await pump.ReadAsync(reader, upload, stop) is { } code)
        {
            return code;
        }

        byte[] answer = reader.HasUnfitAddress ? TransferReply.BadAddress.ToArray()
            : reader.IsEnvelopeTooBig ? TransferAnswer.Describe(QueueCode.OutOfMemory)
            : await TransferAnswer.FinishAsync(upload, reader.Envelope(), time);
        Netstring.Write(connection.Output, answer);
        await connection.FlushAndLingerAsync();
        return ExitCode.Success;
    }
}

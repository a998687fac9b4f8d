using Kopis.Base;
using Kopis.Mail.Qmtp;
using Kopis.Queue.Intake;

namespace Kopis.Server.Qmtp;

/// <summary>The queue's reply in the form of QMTP and QMQP.</summary>
internal static class TransferAnswer
{
    /// <summary>Ends a message; the result begins with K, Z or D.</summary>
    /// <param name="upload">The message.</param>
    /// <param name="envelope">Sender and recipients.</param>
    /// <param name="pump">The pump that has read it.</param>
    /// <param name="journal">Gets a record of the reply.</param>
    /// <param name="time">The clock.</param>
    internal static async Task<byte[]> FinishAsync(
        MessageUpload upload, byte[] envelope, TransferPump pump, TransferJournal journal,
        TimeProvider time)
    {
        QueueReply? answer = await upload.FinishAsync(envelope, head: []);
        if (answer is { Code: 0 } reply)
        {
            journal.Accept(reply, envelope, pump);
            return TransferReply.Accepted(time.GetUtcNow(), reply.Qp);
        }

        byte[] text = answer is { } refusal
            ? upload.CustomText is { } words ? ByteText.ToBytes(words) : Describe(refusal.Code)
            : Describe(QueueCode.NoConnection);
        return Refused(journal, "queue", envelope, text);
    }

    /// <summary>The reply if a whole message is refused.</summary>
    internal static byte[] Refused(
        TransferJournal journal, string check, ReadOnlySpan<byte> envelope,
        ReadOnlySpan<byte> text)
    {
        journal.Refuse(check, SenderOf(envelope), [], text);
        return text.ToArray();
    }

    /// <summary>The sender, which comes first in an envelope.</summary>
    internal static ReadOnlySpan<byte> SenderOf(ReadOnlySpan<byte> envelope) =>
        envelope is [(byte)'F', .. var rest] && rest.IndexOf((byte)0) is >= 0 and int end
            ? rest[..end] : [];

    /// <summary>The text for an exit code of qmail-queue.</summary>
    internal static byte[] Describe(int code) => ByteText.ToBytes(QueueResult.Describe(code));
}

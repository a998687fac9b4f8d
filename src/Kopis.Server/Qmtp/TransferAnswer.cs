using Kopis.Base;
using Kopis.Mail.Qmtp;
using Kopis.Queue.Intake;

namespace Kopis.Server.Qmtp;

/// <summary>The queue's answer in the words of QMTP and QMQP.</summary>
internal static class TransferAnswer
{
    /// <summary>Ends a message; the result begins with K, Z or D.</summary>
    internal static async Task<byte[]> FinishAsync(
        MessageUpload upload, byte[] envelope, TimeProvider time) =>
        await upload.FinishAsync(envelope, head: []) switch
        {
            null => Describe(QueueCode.NoConnection),
            { Code: 0 } reply => TransferReply.Accepted(time.GetUtcNow(), reply.Qp),
            not null when upload.CustomText is { } words => ByteText.ToBytes(words),
            { } reply => Describe(reply.Code),
        };

    /// <summary>The text of one of qmail-queue's exit codes.</summary>
    internal static byte[] Describe(int code) => ByteText.ToBytes(QueueResult.Describe(code));
}

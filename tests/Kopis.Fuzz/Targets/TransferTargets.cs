using System.Buffers;
using Kopis.Mail.Qmtp;
using Kopis.Mail.Smtp;
using Kopis.Queue.Store.Messages;

namespace Kopis.Fuzz.Targets;

/// <summary>QMTP and QMQP.</summary>
internal static class TransferTargets
{
    private const int EnvelopeBytesMax = 1000;

    /// <summary>A client of QMTP: the same however it is cut, an answer to each recipient, and an
    /// envelope that the queue takes.</summary>
    internal static void Qmtp(byte[] input)
    {
        QmtpReader whole = new(new Policy());
        QmtpReader pieces = new(new Policy());
        (TransferStep step, byte[] message) = Read(whole, [input]);
        (TransferStep other, byte[] same) = Read(pieces, Must.Pieces(input));
        if (!Compare((step, other), whole, message, same))
        {
            return;
        }

        Must.Hold(
            whole.Verdicts.SequenceEqual(pieces.Verdicts) && whole.IsTooBig == pieces.IsTooBig,
            "pieces are judged differently");
        Must.Hold(whole.IsTooBig || message.Length <= Policy.Most, "more than is taken");
        if (step == TransferStep.Whole)
        {
            byte[] envelope = whole.Envelope();
            Must.Equal(envelope, pieces.Envelope(), "envelopes");
            Must.Hold(
                !whole.HasRecipients || Envelope.Check(envelope) == 0, "an unsound envelope");
            Must.Hold(
                new Envelope(envelope).Recipients.Count()
                    == whole.Verdicts.Count(verdict => verdict == QmtpVerdict.Accepted),
                "other recipients");
            ArrayBufferWriter<byte> reply = new();
            foreach (QmtpVerdict verdict in whole.Verdicts)
            {
                TransferReply.Write(reply, verdict, TransferReply.Accepted(default, 1));
            }

            Must.Hold(reply.WrittenSpan.IndexOfAny("\r\n\0"u8) < 0, "an answer of lines");
        }
    }

    /// <summary>A client of QMQP.</summary>
    internal static void Qmqp(byte[] input)
    {
        QmqpReader whole = new(EnvelopeBytesMax);
        QmqpReader pieces = new(EnvelopeBytesMax);
        (TransferStep step, byte[] message) = Read(whole, [input]);
        (TransferStep other, byte[] same) = Read(pieces, Must.Pieces(input));
        if (!Compare((step, other), whole, message, same))
        {
            return;
        }

        Must.Hold(whole.IsUnwanted == pieces.IsUnwanted, "pieces are judged differently");
        Must.Hold(whole.Envelope().Length <= EnvelopeBytesMax + 1, "a long envelope");
        if (step == TransferStep.Whole && !whole.IsUnwanted)
        {
            int code = Envelope.Check(whole.Envelope());
            bool hasRecipients = new Envelope(whole.Envelope()).Recipients.Any();
            Must.Hold(code == 0 || !hasRecipients, "an unsound envelope");
        }
    }

    // Of what is broken nothing is kept; of what will be refused, no message need be. False: the
    // former.
    private static bool Compare(
        (TransferStep InOne, TransferStep InPieces) steps, ITransferReader reader, byte[] message,
        byte[] inPieces)
    {
        // Which of two faults is seen first may depend on the cut.
        bool isSound = steps.InOne is TransferStep.Whole or TransferStep.More;
        bool isSoundToo = steps.InPieces is TransferStep.Whole or TransferStep.More;
        Must.Hold(
            isSound == isSoundToo && (!isSound || steps.InOne == steps.InPieces),
            $"{steps.InOne} in one, {steps.InPieces} in pieces");
        if (isSound && !reader.IsUnwanted)
        {
            Must.Equal(message, inPieces, "pieces");
        }

        return isSound;
    }

    private static (TransferStep Step, byte[] Message) Read(
        ITransferReader reader, IEnumerable<byte[]> pieces)
    {
        ArrayBufferWriter<byte> message = new();
        foreach (byte[] piece in pieces)
        {
            int before = message.WrittenCount;
            TransferStep step = reader.Read(piece, message, out int used);
            Must.Hold(
                message.WrittenCount - before <= piece.Length + 1, "more than there was room for");
            if (step != TransferStep.More)
            {
                return (step, message.WrittenSpan.ToArray());
            }

            Must.Hold(used == piece.Length, "bytes left over");
        }

        return (TransferStep.More, message.WrittenSpan.ToArray());
    }

    private sealed class Policy : IReceivePolicy
    {
        internal const long Most = 100;

        public long MessageBytesMax => Most;

        public byte[]? RelayClient => null;

        public bool IsOurs(RoutedRecipient recipient) =>
            !recipient.Address.AsSpan().StartsWith("far"u8);
    }
}

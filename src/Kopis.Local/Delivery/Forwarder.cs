using System.Buffers;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Local.Delivery;

/// <summary>Queues a message again, for all addresses of a .qmail file at once (contract §7.7).
/// </summary>
internal sealed class Forwarder(IIntakeClient queue)
{
    /// <summary>Queues the message.</summary>
    /// <param name="sender">The value of NEWSENDER.</param>
    /// <param name="recipients">The addresses as the file has them.</param>
    /// <param name="lines">Delivered-To is put before the message, Return-Path is not.</param>
    /// <param name="body">The message.</param>
    /// <returns>Null and the <c>qp</c> number; or the failure.</returns>
    internal (LocalFailure? Failure, uint Qp) Forward(
        byte[] sender, IReadOnlyList<ReadOnlyMemory<byte>> recipients, TraceLines lines,
        MessageBody body) =>
        // Each delivery has a thread of its own, so it may block.
        ThreadGate.Await(ForwardAsync(sender, recipients, lines, body));

    private async Task<(LocalFailure?, uint)> ForwardAsync(
        byte[] sender, IReadOnlyList<ReadOnlyMemory<byte>> recipients, TraceLines lines,
        MessageBody body)
    {
        await using IIntakeMessage intake =
            await queue.BeginAsync(MessageOrigin.Local, qp: 0, CancellationToken.None);
        byte[] block = ArrayPool<byte>.Shared.Rent(MessageBody.BlockBytes);
        try
        {
            await intake.WriteAsync(lines.DeliveredTo, CancellationToken.None);
            long offset = 0;
            int length;
            while ((length = Copy(body, offset, block)) > 0)
            {
                await intake.WriteAsync(block.AsMemory(0, length), CancellationToken.None);
                offset += length;
            }
        }
        catch (UnreadableMessageException)
        {
            return (Describe(QueueResult.Describe(QueueCode.ReadError)), 0);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        QueueReply reply = await intake.FinishAsync(
            Envelope.Format(sender, recipients), CancellationToken.None);
        return reply.Code == 0
            ? (null, reply.Qp)
            : (Describe(intake.CustomText ?? QueueResult.Describe(reply.Code)), 0);
    }

    private static int Copy(MessageBody body, long offset, byte[] block)
    {
        ReadOnlySpan<byte> piece = body.Read(offset, block);
        piece = piece[..Math.Min(piece.Length, block.Length)];
        piece.CopyTo(block); // Does nothing if the piece was read to there already.
        return piece.Length;
    }

    private static LocalFailure Describe(string text) =>
        text[0] == 'D'
            ? LocalFailure.Permanent($"Unable to forward message: {text[1..]}.")
            : LocalFailure.Temporary($"Unable to forward message: {text[1..]}.");
}

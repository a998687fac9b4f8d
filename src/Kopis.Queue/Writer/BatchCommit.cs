using Kopis.Posix;
using Kopis.Queue.Intake;

namespace Kopis.Queue.Writer;

/// <summary>Makes a batch durable with one sync, pulls the trigger, and only then replies. It has
/// no thread of its own, so that a simulator can stop it between any two steps.</summary>
internal sealed class BatchCommit(
    SegmentWriter writer, Action pullTrigger, Action<string> log)
{
    /// <summary>Commits a batch. When it returns, each message has its reply.</summary>
    internal void Run(ReadOnlySpan<IntakeMessage> batch)
    {
        while (!batch.IsEmpty)
        {
            batch = batch[CommitSome(batch)..];
        }
    }

    internal static void Refuse(IntakeMessage intake) =>
        intake.Done.SetResult(new QueueReply(QueueCode.WriteError, intake.Qp, 0));

    /// <summary>Commits all messages, or as many as fill a segment; returns how many.</summary>
    private int CommitSome(ReadOnlySpan<IntakeMessage> rest)
    {
        try
        {
            ulong[] numbers = writer.Commit(rest);
            pullTrigger();
            for (int i = 0; i < numbers.Length; i++)
            {
                rest[i].Done.SetResult(new QueueReply(0, rest[i].Qp, numbers[i]));
            }

            return numbers.Length;
        }
        catch (PosixException e)
        {
            log($"alert: unable to write the queue: {e.Message}; {rest.Length} messages refused");
            foreach (IntakeMessage intake in rest)
            {
                Refuse(intake);
            }

            return rest.Length;
        }
    }
}

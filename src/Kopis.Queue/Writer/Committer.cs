using System.Runtime.InteropServices;
using System.Threading.Channels;
using Kopis.Posix;

namespace Kopis.Queue;

/// <summary>
/// The one thread that writes: takes all submissions that wait, makes them durable with one sync,
/// pulls the trigger, and answers them. While it syncs the next batch gathers.
/// </summary>
internal sealed class Committer : IDisposable
{
    private const int BatchMax = 1000; // So that the first of a flood is not answered last.

    private readonly Channel<Submission> _waiting = Channel.CreateUnbounded<Submission>(
        new UnboundedChannelOptions { SingleReader = true });
    private readonly SegmentWriter _writer;
    private readonly Trigger _trigger;
    private readonly Action<string> _log;
    private readonly Thread _thread;

    internal Committer(SegmentWriter writer, Trigger trigger, Action<string> log)
    {
        _writer = writer;
        _trigger = trigger;
        _log = log;
        _thread = new Thread(Run) { Name = "committer" };
        _thread.Start();
    }

    /// <summary>Queues a finished submission for the next batch.</summary>
    internal Task<QueueReply> CommitAsync(Submission submission)
    {
        if (!_waiting.Writer.TryWrite(submission))
        {
            Refuse(submission);
        }

        return submission.Done.Task;
    }

    /// <summary>Commits what waits, then ends the thread.</summary>
    public void Dispose()
    {
        _waiting.Writer.TryComplete();
        _thread.Join();
        _writer.Dispose();
    }

    private void Run()
    {
        List<Submission> batch = [];
        while (WaitForOne())
        {
            while (batch.Count < BatchMax && _waiting.Reader.TryRead(out Submission? next))
            {
                batch.Add(next);
            }

            ReadOnlySpan<Submission> rest = CollectionsMarshal.AsSpan(batch);
            while (!rest.IsEmpty)
            {
                rest = rest[CommitSome(rest)..];
            }

            batch.Clear();
        }
    }

    private bool WaitForOne()
    {
        ValueTask<bool> more = _waiting.Reader.WaitToReadAsync();
        return more.IsCompleted ? more.Result : more.AsTask().GetAwaiter().GetResult();
    }

    /// <summary>How many were answered: all, or those that filled a segment.</summary>
    private int CommitSome(ReadOnlySpan<Submission> rest)
    {
        try
        {
            ulong[] numbers = _writer.Commit(rest);
            _trigger.Pull();
            for (int i = 0; i < numbers.Length; i++)
            {
                rest[i].Done.SetResult(new QueueReply(0, rest[i].Qp, numbers[i]));
            }

            return numbers.Length;
        }
        catch (PosixException e)
        {
            _log($"alert: unable to write the queue: {e.Message}; {rest.Length} messages refused");
            foreach (Submission submission in rest)
            {
                Refuse(submission);
            }

            return rest.Length;
        }
    }

    private static void Refuse(Submission submission) =>
        submission.Done.SetResult(new QueueReply(QueueCode.WriteError, submission.Qp, 0));
}

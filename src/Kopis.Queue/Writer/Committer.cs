using System.Threading.Channels;
using Kopis.Posix;

namespace Kopis.Queue;

/// <summary>
/// The one thread that writes: takes all submissions that wait, makes them durable with one sync,
/// answers them, and pulls the trigger. While it syncs the next batch gathers.
/// </summary>
internal sealed class Committer : IDisposable
{
    private const int BatchMax = 1000;

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
            submission.Done.SetResult(new QueueReply(QueueCode.WriteError, submission.Qp, 0));
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

            Commit(batch);
            batch.Clear();
        }
    }

    private bool WaitForOne()
    {
        ValueTask<bool> more = _waiting.Reader.WaitToReadAsync();
        return more.IsCompleted ? more.Result : more.AsTask().GetAwaiter().GetResult();
    }

    private void Commit(List<Submission> batch)
    {
        try
        {
            ulong[] numbers = _writer.Commit(batch);
            _trigger.Pull();
            for (int i = 0; i < batch.Count; i++)
            {
                batch[i].Done.SetResult(new QueueReply(0, batch[i].Qp, numbers[i]));
            }
        }
        catch (PosixException e)
        {
            _log($"alert: unable to write the queue: {e.Message}; {batch.Count} messages refused");
            foreach (Submission submission in batch)
            {
                submission.Done.SetResult(
                    new QueueReply(QueueCode.WriteError, submission.Qp, 0));
            }
        }
    }
}

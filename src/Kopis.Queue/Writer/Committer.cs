using System.Runtime.InteropServices;
using System.Threading.Channels;
using Kopis.Posix;
using Kopis.Queue.Intake;

namespace Kopis.Queue.Writer;

/// <summary>Runs the one thread that writes the queue. It takes complete messages, with users
/// taking turns, and commits them together; while it syncs, the next batch collects.</summary>
internal sealed class Committer : IDisposable
{
    /// <summary>The name of the thread.</summary>
    internal const string ThreadName = "committer";

    private const long TellMilliseconds = 10_000; // Between two records about batches.
    private const int TurnsMax = 5; // How often to yield before a batch.
    private const int TryEach = 16; // In batches.

    // A session's continuation only opens a gate.
    private readonly Channel<IntakeMessage> _waiting = Channel.CreateUnbounded<IntakeMessage>(
        new() { SingleReader = true, AllowSynchronousContinuations = true });
    private readonly SegmentWriter _writer;
    private readonly BatchCommit _commit;
    private readonly Watchdog? _watch;
    private readonly Thread _thread;
    private volatile QueueJournal? _journal;
    private long _batches;
    private long _messages;
    private long _toldAt = -TellMilliseconds;
    private bool _isShared; // More messages came after yielding.
    private int _triedLately;

    internal Committer(
        SegmentWriter writer, Trigger trigger, Action<string> log, Watchdog? watch)
    {
        _watch = watch;
        _writer = writer;
        _commit = new BatchCommit(writer, trigger.Pull, log);
        _thread = new Thread(Run) { Name = ThreadName };
        _thread.Start();
    }

    /// <summary>Sets the journal that gets records about batches from now on.</summary>
    internal void TellTo(QueueJournal journal) => _journal = journal;

    /// <summary>Queues a complete message for the next batch.</summary>
    internal Task<QueueReply> CommitAsync(IntakeMessage intake)
    {
        if (!_waiting.Writer.TryWrite(intake))
        {
            BatchCommit.Refuse(intake);
        }

        return intake.Done.Task;
    }

    /// <summary>Commits the messages that wait, then ends the thread.</summary>
    public void Dispose()
    {
        _waiting.Writer.TryComplete();
        _thread.Join();
        _writer.Dispose();
    }

    private void Run()
    {
        FairBatch rows = new();
        List<IntakeMessage> batch = [];
        while (!rows.IsEmpty || WaitForOne())
        {
            Gather(rows);
            rows.Dequeue(batch);
            _commit.Run(CollectionsMarshal.AsSpan(batch));
            Tell(batch.Count);
            batch.Clear();
        }
    }

    /// <summary>Takes the messages that wait. If the processors are busy, it yields to sessions
    /// that are about to hand over a message, as long as that brings more, so that one sync serves
    /// them too. It never waits: if no other thread can run, a yield returns at once.</summary>
    private void Gather(FairBatch rows)
    {
        // With a single sender yielding only costs time, so it is tried only now and then.
        _isShared |= Dequeue(rows) > 1 || ++_triedLately % TryEach == 0;
        for (int i = 0; i < TurnsMax && _isShared; i++)
        {
            Thread.Yield();
            _isShared = Dequeue(rows) > 0;
        }
    }

    private int Dequeue(FairBatch rows)
    {
        int count = 0;
        for (; _waiting.Reader.TryRead(out IntakeMessage? next); count++)
        {
            rows.Add(next);
        }

        return count;
    }

    private void Tell(int messages)
    {
        _batches++;
        _messages += messages;
        long now = Environment.TickCount64;
        if (_journal is { } journal && now - _toldAt >= TellMilliseconds)
        {
            journal.Batches(_batches, _messages);
            (_batches, _messages, _toldAt) = (0, 0, now);
        }
    }

    private bool WaitForOne()
    {
        _watch?.End();
        ValueTask<bool> waiting = _waiting.Reader.WaitToReadAsync();
        bool isThere =
            waiting.IsCompleted ? waiting.Result : ThreadGate.Await(waiting.AsTask());
        _watch?.Begin();
        return isThere;
    }
}

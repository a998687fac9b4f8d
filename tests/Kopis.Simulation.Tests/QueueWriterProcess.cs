using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;
using Kopis.Queue.Writer;

namespace Kopis.Simulation.Tests;

/// <summary>The queue writer: its start, its committer and the sessions of its clients.</summary>
internal sealed class QueueWriterProcess
{
    private const int PieceBytes = 1500;

    private readonly Machine _machine;
    private readonly ProcessFiles _files;
    private readonly QueueDisk _disk;
    private readonly Queue<Submission> _waiting = [];
    private int _incoming;

    internal QueueWriterProcess(Machine machine)
    {
        _machine = machine;
        _files = machine.NewFiles();
        _disk = new QueueDisk(_files);
        machine.Fibers.Start(Process, Run);
    }

    internal SimulatedProcess Process { get; } = new("qmail-queue");

    internal bool IsServing { get; private set; }

    /// <summary>A client that sends some messages, one after another.</summary>
    internal void AddClient(int messages) => _machine.Fibers.Start(Process, () =>
    {
        _machine.Fibers.Wait(() => IsServing);
        for (int i = 0; i < messages; i++)
        {
            _machine.Fibers.Sleep(TimeSpan.FromMilliseconds(_machine.Random.Next(20)));
            Submit(_machine.Ledger.NewMail());
        }
    });

    /// <summary>What a session does with one submission, in one of this process's fibers.
    /// </summary>
    internal QueueReply Submit(Mail mail)
    {
        // Without memory to spare even a small body goes to a file of its own.
        MemoryBudget budget = new(_machine.Random.Next(3) == 0 ? 0 : QueueLimits.MemoryBytesMax);
        using Submission submission = new(budget, _disk, NewIncomingPath)
        {
            Qp = (uint)mail.Id,
            Arrived = _machine.Clock.GetUtcNow(),
        };
        foreach (byte[] piece in mail.Content.Chunk(PieceBytes))
        {
            submission.AddBody(piece);
            _machine.Fibers.Yield();
        }

        submission.AddEnvelope(mail.Envelope());
        QueueReply reply = Finish(submission);
        if (reply.Code == 0)
        {
            _machine.Ledger.Accept(mail, reply.MessageNumber);
        }

        return reply;
    }

    private QueueReply Finish(Submission submission)
    {
        submission.Finish();
        if (submission.Fd >= 0)
        {
            submission.SyncFile();
        }

        if (submission.Code != 0)
        {
            return new QueueReply(submission.Code, submission.Qp, 0);
        }

        _waiting.Enqueue(submission);
        _machine.Fibers.Wait(() => submission.Done.Task.IsCompleted);
        return submission.Done.Task.Result;
    }

    private void Run()
    {
        try
        {
            Recovery.Clean(_files, Machine.Mess, _machine.Ledger.Log.Add);
            ulong last = SegmentFile.List(_files, Machine.Mess).LastOrDefault();
            using SegmentWriter writer = new(Machine.Mess, _disk, last);
            BatchCommit commit = new(writer, _machine.PullTrigger, _machine.Ledger.Log.Add);
            IsServing = true;
            while (true)
            {
                _machine.Fibers.Wait(() => _waiting.Count > 0);
                Submission[] batch = [.. _waiting];
                _waiting.Clear();
                commit.Run(batch);
            }
        }
        catch (IOException)
        {
            Process.HasEnded = true; // It cannot start on this disk; it is started again.
            _machine.Fibers.AskStop();
        }
    }

    private string NewIncomingPath() => $"{MessStore.Incoming(Machine.Mess)}/{++_incoming}";
}

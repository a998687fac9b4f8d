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
    private readonly Queue<IntakeMessage> _waiting = [];
    private int _incoming;

    internal QueueWriterProcess(Machine machine)
    {
        _machine = machine;
        _files = machine.NewFiles();
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

    /// <summary>What a session does with one intake, in one of this process's fibers.
    /// </summary>
    internal QueueReply Submit(Mail mail)
    {
        // Without memory to spare even a small body goes to a file of its own.
        MemoryBudget budget = new(_machine.Random.Next(3) == 0 ? 0 : QueueLimits.MemoryBytesMax);
        using IntakeMessage intake = new(budget, _files, NewIncomingPath)
        {
            Qp = (uint)mail.Id,
            Arrived = _machine.Clock.GetUtcNow(),
        };
        // At times its first bytes come last.
        int line = _machine.Random.Next(3) == 0 ? Math.Min(100, mail.Content.Length) : 0;
        int head = line == 0
            ? 0 : _machine.Random.Next(Math.Min(4000, mail.Content.Length - line) + 1);
        intake.LineBeforeHead = line == 0 ? null : mail.Content[..line];
        foreach (byte[] piece in mail.Content[(line + head)..].Chunk(PieceBytes))
        {
            intake.AddBody(piece);
            _machine.Fibers.Yield();
        }

        if (line > 0)
        {
            intake.TrySetHead(mail.Content[line..(line + head)]);
        }

        intake.AddEnvelope(mail.Envelope());
        QueueReply reply = Finish(intake);
        if (reply.Code == 0)
        {
            _machine.Ledger.Accept(mail, reply.MessageNumber);
        }

        return reply;
    }

    private QueueReply Finish(IntakeMessage intake)
    {
        intake.Finish();
        if (intake.Fd >= 0)
        {
            intake.SyncFile();
        }

        if (intake.Code != 0)
        {
            return new QueueReply(intake.Code, intake.Qp, 0);
        }

        _waiting.Enqueue(intake);
        _machine.Fibers.Wait(() => intake.Done.Task.IsCompleted);
        return intake.Done.Task.Result;
    }

    private void Run()
    {
        try
        {
            Recovery.Clean(_files, Machine.Mess, _machine.Ledger.Log.Add);
            ulong last = SegmentFile.List(_files, Machine.Mess).LastOrDefault();
            using SegmentWriter writer = new(Machine.Mess, _files, last);
            BatchCommit commit = new(writer, _machine.PullTrigger, _machine.Ledger.Log.Add);
            IsServing = true;
            while (true)
            {
                _machine.Fibers.Wait(() => _waiting.Count > 0);
                IntakeMessage[] batch = [.. _waiting];
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

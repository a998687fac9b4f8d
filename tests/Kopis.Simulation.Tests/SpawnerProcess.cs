using System.Buffers;
using System.Text;
using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Mail.Dsn;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Queue.Spawn;
using Kopis.Queue.Store.Messages;

namespace Kopis.Simulation.Tests;

/// <summary>A spawner and what it runs: Maildir deliveries by the real writer, or hosts elsewhere
/// that take, refuse or defer as the seed says.</summary>
internal sealed class SpawnerProcess
{
    private readonly Machine _machine;
    private readonly ProcessFiles _files;
    private readonly LocalSite _site;
    private readonly int _orders;
    private readonly int _reports;

    internal SpawnerProcess(Machine machine, SimulatedProcess process, int orders, int reports)
    {
        _machine = machine;
        _files = machine.NewFiles();
        _site = new LocalSite(
            new ByteEnvironment(), machine.Clock, new IntakePool("/none"),
            _files, MayRunPrograms: false)
        {
            Sync = new SharedSync(_files, machine.Clock, () => new FiberGate(machine.Fibers)),
        };
        (_orders, _reports) = (orders, reports);
        Process = process;
        machine.Fibers.Start(process, Run);
    }

    /// <summary>Whether it is told what ESMTP said: qmail-send was given <c>--batch</c>, and this
    /// is qmail-rspawn.</summary>
    internal bool TakesParameters { get; init; }

    /// <summary>It speaks in frames, and is asked for destinations.</summary>
    internal bool IsWide { get; init; }

    private SimulatedProcess Process { get; }

    private void Run()
    {
        DeliveryCommandReader reader = new();
        WideOrderReader wideReader = new();
        List<DeliveryCommand> commands = [];
        List<WideOrder> orders = [];
        List<WideQuestion> questions = [];
        byte[] block = new byte[4096];
        while (true)
        {
            _machine.Fibers.Wait(() => Machine.IsReadable(_orders));
            int got = Fd.Read(_orders, block);
            if (got <= 0)
            {
                return; // qmail-send is gone; what runs may end.
            }

            if (IsWide)
            {
                wideReader.Read(block.AsSpan(0, got), orders, questions);
            }
            else
            {
                reader.Read(block.AsSpan(0, got), commands);
            }

            orders.AddRange(commands.Select(one => new WideOrder(one.Slot, one)));
            orders.ForEach(order => _machine.Fibers.Start(
                Process, () => Serve(order.Slot, order.Command, order.Route)));
            questions.ForEach(question => _machine.Fibers.Start(Process, () => Answer(question)));
            commands.Clear();
            orders.Clear();
            questions.Clear();
        }
    }

    /// <summary>Now and then never.</summary>
    private void Answer(WideQuestion question)
    {
        _machine.Fibers.Sleep(TimeSpan.FromMilliseconds(_machine.Random.Next(3000)));
        if (_machine.Random.Next(10) == 0)
        {
            return;
        }

        ArrayBufferWriter<byte> answer = new();
        WideFrames.WriteAnswer(answer, new WideAnswer(
            question.Id, _machine.Random.Next(4) == 0, WideFrames.SecondsMin,
            $"mx{_machine.Random.Next(2)}.example"));
        Write(answer);
    }

    private void Write(ArrayBufferWriter<byte> bytes)
    {
        try
        {
            Fd.WriteAll(_reports, bytes.WrittenSpan);
        }
        catch (PosixException)
        {
            // Nobody is left to tell.
        }
    }

    private void Serve(int slot, DeliveryCommand command, byte[]? route)
    {
        string way = Encoding.Latin1.GetString(route ?? []);
        for (int i = 0; i < command.Recipients.Count; i++)
        {
            Outcome outcome = Deliver(command, i, way);
            bool isPassedOn =
                command.RecipientParameters.Count > 0 && _machine.Random.Next(2) == 0;
            ArrayBufferWriter<byte> report = new();
            if (IsWide)
            {
                WideFrames.WriteReport(report, slot, i, outcome, isPassedOn, DetailOf(outcome));
            }
            else
            {
                DeliveryReport.Write(report, (byte)slot, outcome, isPassedOn);
            }

            Write(report);
        }
    }

    /// <summary>A deferral may be anything.</summary>
    private AttemptDetail DetailOf(Outcome outcome) => outcome.Verdict != Verdict.Retry
        ? new AttemptDetail { Stage = AttemptStage.Message }
        : Deferral() with { Class = (BounceClass)_machine.Random.Next(BounceClassNames.Count) };

    private AttemptDetail Deferral() => _machine.Random.Next(5) switch
    {
        0 => new AttemptDetail { Stage = AttemptStage.Greeting, Code = 421 },
        1 => new AttemptDetail
        {
            Stage = AttemptStage.Rcpt,
            Code = 451,
            Action = ReplyAction.RetryMessage,
            ActionSeconds = 300,
        },
        2 => new AttemptDetail
        {
            Stage = AttemptStage.Mail,
            Code = 450,
            Action = (ReplyAction)_machine.Random.Next(1, 7),
            ActionSeconds = (uint)_machine.Random.Next(600),
            ActionValue = (ushort)_machine.Random.Next(10),
        },
        _ => new AttemptDetail { Stage = AttemptStage.Connect },
    };

    private Outcome Deliver(DeliveryCommand command, int index, string way)
    {
        byte[] body;
        try
        {
            using QueuedBody message = QueuedBody.Open(
                _files, Machine.Mess, command.Number!.Value);
            body = new byte[message.Length];
            message.Read(0, body);
        }
        catch (IOException)
        {
            return Outcome.Retry("Unable to read message.\n");
        }

        Mail mail = _machine.Ledger.Read(body);
        string address = Encoding.Latin1.GetString(command.Recipients[index]);
        if (address.EndsWith("@l.example", StringComparison.Ordinal))
        {
            return DeliverLocally(mail, address, body, command.Sender);
        }

        if (TakesParameters)
        {
            Ledger.RequireParameters(mail, command, index);
        }

        if (!mail.MayGo(address, way))
        {
            throw new BrokenPromiseException($"{address} of mail {mail.Id} goes by <{way}>");
        }

        Outcome outcome = DeliverElsewhere(mail, address);
        if (_machine.Group is { Send.IsDead: false } group && group.Remote == Process)
        {
            mail.EndWay(address); // qmail-send waits for the report.
        }

        return outcome;
    }

    private Outcome DeliverLocally(Mail mail, string address, byte[] body, byte[] sender)
    {
        if (address.StartsWith("bad", StringComparison.Ordinal))
        {
            mail.Fail(address);
            return Outcome.Failed("Sorry, no mailbox here by that name.\n");
        }

        TraceLines lines = new(
            sender, Encoding.Latin1.GetBytes(address), _machine.Clock.GetUtcNow());
        using MessageBody message = MessageBody.InMemory(body);
        LocalFailure? failure = new MaildirWriter(_site).Deliver(
            Encoding.Latin1.GetBytes(Machine.Maildir + "/"), lines, message);
        if (failure is not null)
        {
            return Outcome.Retry("Temporary error on maildir delivery.\n");
        }

        mail.Delivered.Add(address);
        return Outcome.Delivered("did 1+0+0\n");
    }

    private Outcome DeliverElsewhere(Mail mail, string address)
    {
        _machine.Fibers.Sleep(TimeSpan.FromMilliseconds(_machine.Random.Next(3000)));
        switch (_machine.Random.Next(4))
        {
            case 0:
                return Outcome.Retry("Connected but connection died.\n");
            case 1:
                mail.Fail(address);
                return Outcome.Failed("550 no such user\n");
            default:
                mail.TakenRemotely[address] = mail.TakenRemotely.GetValueOrDefault(address) + 1;
                _machine.Fibers.Yield(); // The reply to the dot may be lost here.
                return Outcome.Delivered("250 ok\n");
        }
    }
}

using System.Text;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Commands;
using Kopis.Send.Clean;
using Kopis.Send.Commands;
using Kopis.Send;

namespace Kopis.Simulation.Tests;

/// <summary>qmail-send with its spawners and qmail-clean, on real pipes; they live and are started
/// again together.</summary>
internal sealed class SendGroup : ISendPause, ISendSignals
{
    private const int LocalDeliveries = 8; // Enough that several wait for a sync at once.
    private const int RemoteDeliveries = 3;

    private readonly Machine _machine;
    private readonly SendContext _context;
    private readonly int _signals;
    private readonly int _trigger;
    private SendLoop? _loop;

    internal SendGroup(Machine machine)
    {
        _machine = machine;
        (ReadFd, _signals) = PipeOf(Send, Send);
        (int triggerRead, _trigger) = PipeOf(Send, Send);
        (int localOrders, int toLocal) = PipeOf(Local, Send);
        (int fromLocal, int localReports) = PipeOf(Send, Local);
        (int remoteOrders, int toRemote) = PipeOf(Remote, Send);
        (int fromRemote, int remoteReports) = PipeOf(Send, Remote);
        (int requests, int toClean) = PipeOf(Clean, Send);
        (int fromClean, int replies) = PipeOf(Send, Clean);
        int[] polled =
            [ReadFd, triggerRead, _trigger, toLocal, fromLocal, toRemote, fromRemote];
        foreach (int fd in polled)
        {
            Fd.SetNonBlocking(fd, true);
        }

        bool batch = machine.Random.Next(2) == 0;
        bool isWide = batch && machine.Random.Next(2) == 0;
        _ = new SpawnerProcess(machine, Local, localOrders, localReports);
        _ = new SpawnerProcess(machine, Remote, remoteOrders, remoteReports)
        {
            TakesParameters = batch,
            IsWide = isWide,
        };
        _ = new CleanProcess(machine, Clean, requests, replies);
        _context = new SendContext(
            Machine.Home, machine.Control, machine.Controls, machine.Clock,
            new SendLog(machine.Ledger.TakeLog), new SpawnPipe(
                toLocal, fromLocal, LocalDeliveries),
            new SpawnPipe(
                toRemote, fromRemote, RemoteDeliveries, takesParameters: batch, isWide),
            new CleanPipe(toClean, fromClean),
            this, triggerRead, batch)
        {
            Files = machine.NewFiles(),
            Pause = this,
            ConnectToQueue = () => new SimulatedIntake(machine),
            CompactAfterBytes = 1000,
            WholeEnvelopeBytesMax = machine.Random.Next(2) * 1000, // All are long, or none is.
        };
        machine.Fibers.Start(Send, Run);
    }

    public int ReadFd { get; }

    internal SimulatedProcess Send { get; } = new("qmail-send");

    internal SimulatedProcess Local { get; } = new("qmail-lspawn");

    internal SimulatedProcess Remote { get; } = new("qmail-rspawn");

    internal SimulatedProcess Clean { get; } = new("qmail-clean");

    internal IReadOnlyList<SimulatedProcess> All => [Send, Local, Remote, Clean];

    internal void PullTrigger() => Fd.Write(_trigger, [0]);

    internal void Signal(SendSignal signal) => Fd.Write(_signals, [(byte)signal]);

    SendSignal ISendSignals.Read()
    {
        Span<byte> bytes = stackalloc byte[16];
        SendSignal signals = SendSignal.None;
        int got = Fd.Read(ReadFd, bytes);
        for (int i = 0; i < got; i++)
        {
            signals |= (SendSignal)bytes[i];
        }

        return signals;
    }

    bool ISendPause.Wait(Poller poller, TimeSpan longest)
    {
        _machine.Ledger.SendWaits(_loop!.IsWritten, _loop.IsSettled);
        if (poller.Wait(TimeSpan.Zero))
        {
            _machine.Fibers.Yield();
            return true;
        }

        return _machine.Fibers.Wait(() => poller.Wait(TimeSpan.Zero), longest);
    }

    /// <summary>An administrator gives a command about a message, or one of its recipients.
    /// </summary>
    internal void Ask(QueueVerb verb, Mail mail, string? address, string? via = null) =>
        _machine.Fibers.Start(Send, () =>
        {
            _machine.Fibers.Wait(() => _loop is not null);
            IReadOnlyList<string> addresses = address is null ? mail.Recipients : [address];
            CommandOutput output = new();
            int releases = Ledger.Ask(verb, mail, addresses);
            int way = via is null ? 0 : mail.AskWay(addresses, via);
            _loop!.Commands.Add(
                new QueueRequest(verb, new QueueSelection
                {
                    Numbers = [mail.Number],
                    Recipient = address is null ? null : Encoding.Latin1.GetBytes(address),
                })
                {
                    Via = via is null ? null : Encoding.Latin1.GetBytes(via),
                }, "test", output);
            PullTrigger();
            _machine.Fibers.Wait(() => output.IsComplete);
            ReadOnlySpan<byte> answer = output.Bytes.WrittenSpan;
            while (answer[sizeof(uint)] != QueueFrame.End)
            {
                answer = answer[QueueFrame.LengthOf(answer, QueueFrame.AnswerBytesMax)..];
            }

            QueueCounts counts = QueueCounts.Parse(answer[QueueFrame.HeadBytes..])!.Value;
            _machine.Ledger.Answer(verb, mail, addresses, counts, releases);
            if (via is not null && counts is { Recipients: > 0, Failed: 0 })
            {
                mail.AnswerWay(addresses, via, way);
            }
        });

    void ISendPause.Sleep(TimeSpan time) => _machine.Fibers.Sleep(time);

    private static (int Read, int Write) PipeOf(SimulatedProcess reader, SimulatedProcess writer)
    {
        (int read, int write) = Fd.Pipe();
        return (reader.Own(read), writer.Own(write));
    }

    private void Run()
    {
        try
        {
            using SendLoop loop = new(_context);
            _loop = loop;
            loop.Run();
        }
        catch (Exception e) when (e is IOException or ConfigurationException)
        {
            _machine.Ledger.Log.Add($"alert: cannot go on: {e.Message}");
        }

        Send.HasEnded = true;
        _machine.Fibers.AskStop();
    }
}

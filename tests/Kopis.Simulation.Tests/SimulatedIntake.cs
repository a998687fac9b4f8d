using System.Buffers;
using Kopis.Queue.Intake;
using Kopis.Queue.Store.Messages;

namespace Kopis.Simulation.Tests;

/// <summary>qmail-send's connection to the queue writer, which may die before it answers.</summary>
internal sealed class SimulatedIntake(Machine machine) : IIntakeConnection
{
    private readonly ArrayBufferWriter<byte> _content = new();

    public void Begin(MessageOrigin origin, uint qp) => _content.ResetWrittenCount();

    public void Write(ReadOnlySpan<byte> data) => _content.Write(data);

    public QueueReply Finish(ReadOnlySpan<byte> envelope)
    {
        QueueWriterProcess? writer = machine.Writer;
        if (writer is not { IsServing: true, Process.IsRunning: true })
        {
            return new QueueReply(QueueCode.NoConnection, 0, 0);
        }

        Mail bounce = machine.Ledger.NewBounce(_content.WrittenSpan.ToArray(), envelope.ToArray());
        QueueReply? reply = null;
        machine.Fibers.Start(writer.Process, () => reply = writer.Submit(bounce));
        machine.Fibers.Wait(() => reply is not null || !writer.Process.IsRunning);
        return reply ?? new QueueReply(QueueCode.ConnectionLost, 0, 0);
    }

    public void Dispose()
    {
    }
}

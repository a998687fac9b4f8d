using System.Buffers;
using Kopis.Mail.Addresses;
using Kopis.Posix;
using Kopis.Queue.Spawn;
using Kopis.Queue.Store.Messages;
using Kopis.Send.Scheduling;

namespace Kopis.Send;

/// <summary>The pipes to one spawner, and the deliveries that run there. It never blocks: commands
/// wait in a buffer.</summary>
/// <param name="orders">The pipe for commands to the spawner.</param>
/// <param name="reports">The pipe for reports from the spawner.</param>
/// <param name="concurrency">How many deliveries may run at once.</param>
/// <param name="takesParameters">Whether the spawner knows the long form of a command.</param>
/// <param name="isWide">Whether the spawner uses frames (<see cref="WideFrames"/>).</param>
internal sealed class SpawnPipe(
    int orders, int reports, int concurrency, bool takesParameters = false, bool isWide = false)
{
    private const int OutputBytesMax = 64 * 1024;

    private readonly ArrayBufferWriter<byte> _output = new(4096);
    private readonly ArrayBufferWriter<byte> _command = new(1024);
    private readonly DeliveryReportReader _reader = new();
    private readonly WideReplyReader _wideReader = new();
    private readonly List<Delivery?> _slots = [];
    private readonly Stack<int> _free = new();
    private readonly byte[] _block = new byte[16 * 1024];
    private int _written;

    /// <summary>Deliveries that may run at once.</summary>
    internal int Concurrency { get; private set; } = concurrency;

    /// <summary>How many deliveries the spawner can run.</summary>
    internal int Capacity { get; init; } = concurrency;

    internal int Running { get; private set; }

    /// <summary>False once the spawner is gone.</summary>
    internal bool IsAlive { get; private set; } = true;

    internal int ReportsFd { get; } = reports;

    internal int OrdersFd { get; } = orders;

    internal bool HasOutput => _output.WrittenCount > _written;

    internal bool HasRoom =>
        IsAlive && Running < Concurrency && _output.WrittenCount - _written < OutputBytesMax;

    /// <summary>Whether it may be asked for the destination of a domain's mail.</summary>
    internal bool TakesQuestions =>
        isWide && IsAlive && _output.WrittenCount - _written < OutputBytesMax;

    /// <summary>Asks a question; the answer has its id.</summary>
    internal void Ask(uint id, ReadOnlySpan<byte> domain, ReadOnlySpan<byte> sender) =>
        WideFrames.WriteQuestion(_output, id, domain, sender);
    /// <summary>Sets how many deliveries may run at once. Those above the limit finish.</summary>
    internal void SetConcurrency(int most) => Concurrency = Math.Min(most, Capacity);

    /// <summary>Sends the command for a delivery.</summary>
    internal void Order(Delivery delivery)
    {
        if (!_free.TryPop(out int slot))
        {
            slot = _slots.Count;
            _slots.Add(null);
        }

        _slots[slot] = delivery;
        Running++;
        if (!isWide)
        {
            WriteCommand(_output, (byte)slot, delivery);
            return;
        }

        _command.ResetWrittenCount();
        WriteCommand(_command, 0, delivery);
        WideFrames.WriteOrder(_output, slot, _command.WrittenSpan, delivery.Route);
    }

    private void WriteCommand(ArrayBufferWriter<byte> to, byte slot, Delivery delivery)
    {
        QueuedMessage message = delivery.Message;
        ReadOnlyMemory<byte>[] recipients = delivery.Addresses;
        byte[] sender = Verp.Expand(message.Sender, recipients[0].Span);
        if (takesParameters && message.Parameters is { } table)
        {
            EnvelopeRecipient[] all = [.. delivery.Recipients.Select((index, i) =>
                new EnvelopeRecipient(recipients[i], table.Recipient(index)))];
            DeliveryCommand.WriteLong(
                to, slot, message.Number, sender, table.Message, all);
            return;
        }

        DeliveryCommand.Write(to, slot, message.Number, sender, recipients);
    }

    /// <summary>The delivery that a report is about; null if none runs in that slot.</summary>
    internal Delivery? Find(int slot) => slot < _slots.Count ? _slots[slot] : null;

    /// <summary>Frees a slot when all recipients of its delivery are reported.</summary>
    internal void Free(int slot)
    {
        _slots[slot] = null;
        _free.Push(slot);
        Running--;
    }

    /// <summary>Gives up a spawner that sends invalid reports.</summary>
    internal void Break() => IsAlive = false;

    /// <summary>Writes as much as the pipe takes.</summary>
    internal void Flush()
    {
        try
        {
            while (IsAlive && HasOutput)
            {
                int put = Fd.Write(OrdersFd, _output.WrittenSpan[_written..]);
                if (put < 0)
                {
                    return;
                }

                _written += put;
            }
        }
        catch (PosixException)
        {
            IsAlive = false;
        }

        _output.ResetWrittenCount();
        _written = 0;
    }

    /// <summary>Reads reports and answers; notices the end of the spawner.</summary>
    internal void Read(ICollection<DeliveryReport> to, ICollection<WideAnswer> answers)
    {
        int got;
        try
        {
            got = Fd.Read(ReportsFd, _block);
        }
        catch (PosixException)
        {
            got = 0;
        }

        if (got == 0)
        {
            IsAlive = false;
        }
        else if (got > 0 && !isWide)
        {
            _reader.Read(_block.AsSpan(0, got), to);
        }
        else if (got > 0)
        {
            ReadFrames(_block.AsSpan(0, got), to, answers);
        }
    }

    private void ReadFrames(
        ReadOnlySpan<byte> bytes, ICollection<DeliveryReport> to, ICollection<WideAnswer> answers)
    {
        try
        {
            _wideReader.Read(bytes, to, answers);
        }
        catch (InvalidDataException)
        {
            Break();
        }
    }
}

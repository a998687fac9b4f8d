using System.Buffers;
using Kopis.Mail.Addresses;
using Kopis.Posix;
using Kopis.Queue.Spawn;
using Kopis.Queue.Store.Messages;
using Kopis.Send.Scheduling;

namespace Kopis.Send;

/// <summary>
/// The pipes to one spawner and what runs there. Never blocks: orders wait in a buffer.
/// </summary>
/// <param name="orders">Where orders go.</param>
/// <param name="reports">Where reports come from.</param>
/// <param name="concurrency">Deliveries that may run at once.</param>
/// <param name="takesParameters">The spawner knows the long form of an order.</param>
internal sealed class SpawnPipe(
    int orders, int reports, int concurrency, bool takesParameters = false)
{
    private const int OutputBytesMax = 64 * 1024;
    private const int SlotsMax = byte.MaxValue; // What a spawner can announce.

    private readonly ArrayBufferWriter<byte> _output = new(4096);
    private readonly DeliveryReportReader _reader = new();
    private readonly Delivery?[] _slots = new Delivery?[SlotsMax];
    private readonly byte[] _block = new byte[16 * 1024];
    private int _written;

    /// <summary>Deliveries that may run at once.</summary>
    internal int Concurrency { get; private set; } = concurrency;

    /// <summary>What the spawner can run.</summary>
    internal int Capacity { get; init; } = concurrency;

    internal int Running { get; private set; }

    /// <summary>False once the spawner is gone.</summary>
    internal bool IsAlive { get; private set; } = true;

    internal int ReportsFd { get; } = reports;

    internal int OrdersFd { get; } = orders;

    internal bool HasOutput => _output.WrittenCount > _written;

    internal bool HasRoom =>
        IsAlive && Running < Concurrency && _output.WrittenCount - _written < OutputBytesMax;

    /// <summary>Control files are read again. What runs is let finish where it is more.</summary>
    internal void SetConcurrency(int most) => Concurrency = Math.Min(most, Capacity);

    /// <summary>Orders a delivery.</summary>
    internal void Order(Delivery delivery)
    {
        int slot = Array.IndexOf(_slots, null);
        _slots[slot] = delivery;
        Running++;
        QueuedMessage message = delivery.Message;
        ReadOnlyMemory<byte>[] recipients = delivery.Addresses;
        byte[] sender = Verp.Expand(message.Sender, recipients[0].Span);
        if (takesParameters && message.Parameters is { } table)
        {
            EnvelopeRecipient[] all = [.. delivery.Recipients.Select((index, i) =>
                new EnvelopeRecipient(recipients[i], table.Recipient(index)))];
            DeliveryCommand.WriteLong(
                _output, (byte)slot, message.Number, sender, table.Message, all);
            return;
        }

        DeliveryCommand.Write(_output, (byte)slot, message.Number, sender, recipients);
    }

    /// <summary>The delivery that a report speaks of; null where none was ordered.</summary>
    internal Delivery? Find(int slot) => slot < _slots.Length ? _slots[slot] : null;

    /// <summary>All recipients of the slot's delivery are reported.</summary>
    internal void Free(int slot)
    {
        _slots[slot] = null;
        Running--;
    }

    /// <summary>Writes what the pipe takes.</summary>
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

    /// <summary>Reads what the spawner reports; notices its end.</summary>
    internal void Read(ICollection<DeliveryReport> to)
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
        else if (got > 0)
        {
            _reader.Read(_block.AsSpan(0, got), to);
        }
    }
}

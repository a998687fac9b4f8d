using System.Buffers;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Spawn;

namespace Kopis.Remote;

/// <summary>qmail-send's end: orders from descriptor 0, reports to descriptor 1, in qmail's form
/// (contract §6.2) or in frames (docs/SENDING.md). Reports may come from many threads.</summary>
/// <param name="isWide">In frames.</param>
/// <param name="slots">Deliveries at once.</param>
internal sealed class OrderPipe(bool isWide, int slots)
{
    /// <summary>Deliveries at once in qmail's form, where a slot is one byte.</summary>
    internal const int NarrowSlots = 255;

    private readonly DeliveryCommandReader _narrow = new();
    private readonly WideOrderReader _wide = new();
    private readonly List<DeliveryCommand> _commands = [];
    private readonly Lock _writing = new();

    /// <summary>Says how many deliveries there may be.</summary>
    internal void Greet()
    {
        ArrayBufferWriter<byte> greeting = new();
        if (isWide)
        {
            WideFrames.WriteGreeting(greeting, slots);
        }
        else
        {
            greeting.WriteByte(NarrowSlots);
        }

        Fd.WriteAll(1, greeting.WrittenSpan);
    }

    /// <summary>Cuts bytes into orders and questions.</summary>
    /// <returns>False if the peer is not qmail-send: what runs is finished.</returns>
    internal bool TryRead(
        ReadOnlySpan<byte> bytes, List<WideOrder> orders, List<WideQuestion> questions)
    {
        try
        {
            if (isWide)
            {
                _wide.Read(bytes, orders, questions);
                return true;
            }

            _narrow.Read(bytes, _commands);
            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
        finally
        {
            // What came before it is sound.
            orders.AddRange(_commands.Select(one => new WideOrder(one.Slot, one)));
            _commands.Clear();
        }
    }

    /// <summary>One report a recipient, in the order of the command.</summary>
    /// <param name="order">The order.</param>
    /// <param name="outcome">What it came to, by the recipient's place.</param>
    /// <param name="isPassedOn">Servers took over what was said of DSN.</param>
    /// <param name="detail">What is known of the attempt, likewise; asked only in frames.</param>
    internal void Report(
        WideOrder order, Func<int, Outcome> outcome, bool isPassedOn,
        Func<int, AttemptDetail> detail)
    {
        ArrayBufferWriter<byte> reports = new(256);
        for (int i = 0; i < order.Command.Recipients.Count; i++)
        {
            if (isWide)
            {
                WideFrames.WriteReport(
                    reports, order.Slot, i, outcome(i), isPassedOn, detail(i));
            }
            else
            {
                DeliveryReport.Write(reports, (byte)order.Slot, outcome(i), isPassedOn);
            }
        }

        Write(reports.WrittenSpan);
    }

    /// <summary>Answers a question.</summary>
    internal void Answer(WideAnswer answer)
    {
        ArrayBufferWriter<byte> frame = new(128);
        WideFrames.WriteAnswer(frame, answer);
        Write(frame.WrittenSpan);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        lock (_writing)
        {
            try
            {
                Fd.WriteAll(1, bytes);
            }
            catch (PosixException)
            {
                // qmail-send is gone; it orders what it has no report of again.
            }
        }
    }
}

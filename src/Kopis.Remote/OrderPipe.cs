using System.Buffers;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Spawn;

namespace Kopis.Remote;

/// <summary>The pipes to qmail-send: orders come on descriptor 0, reports go to descriptor 1, in
/// qmail's format (contract §6.2) or in frames (docs/SENDING.md). Reports may come from many
/// threads.</summary>
/// <param name="isWide">Whether frames are used.</param>
/// <param name="slots">How many deliveries may run at once.</param>
internal sealed class OrderPipe(bool isWide, int slots)
{
    /// <summary>How many deliveries may run at once in qmail's format, where a slot is one byte.
    /// </summary>
    internal const int NarrowSlots = 255;

    private readonly DeliveryCommandReader _narrow = new();
    private readonly WideOrderReader _wide = new();
    private readonly List<DeliveryCommand> _commands = [];
    private readonly Lock _writing = new();

    /// <summary>Tells qmail-send how many deliveries may run at once.</summary>
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

    /// <summary>Splits bytes into orders and questions.</summary>
    /// <returns>False if the other end is not qmail-send; running deliveries still finish.
    /// </returns>
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
            // The orders before the error are valid.
            orders.AddRange(_commands.Select(one => new WideOrder(one.Slot, one)));
            _commands.Clear();
        }
    }

    /// <summary>Writes one report for each recipient, in the order of the command.</summary>
    /// <param name="order">The order.</param>
    /// <param name="outcome">The result for a recipient, by its place.</param>
    /// <param name="isPassedOn">Whether servers took over the DSN requests.</param>
    /// <param name="detail">Details of the attempt, by the recipient's place; used only in frames.
    /// </param>
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

    /// <summary>Writes the answers to some questions in one write.</summary>
    internal void Answer(params ReadOnlySpan<WideAnswer> answers)
    {
        ArrayBufferWriter<byte> frames = new(128);
        foreach (WideAnswer answer in answers)
        {
            WideFrames.WriteAnswer(frames, answer);
        }

        Write(frames.WrittenSpan);
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
                // qmail-send is gone; a new one orders again what has no report.
            }
        }
    }
}

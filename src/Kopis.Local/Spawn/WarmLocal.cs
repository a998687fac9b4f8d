using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Local.Worker;
using Kopis.Posix;

namespace Kopis.Local.Spawn;

/// <summary>
/// The channel to one warm qmail-local. That process belongs to a user and is not trusted: it can
/// report falsely on that user's deliveries and harm nothing else.
/// </summary>
internal sealed class WarmLocal
{
    private readonly FrameReader _reader = new(LocalChannel.AnswerBytesMax);
    private readonly Dictionary<uint, byte> _slots = [];
    private readonly Queue<PendingDelivery> _output = new();
    private int _sent; // Of the first frame.

    /// <summary>The channel to a process that runs.</summary>
    /// <param name="socket">Our end of the socket pair; this object's from now on.</param>
    internal WarmLocal(int socket)
    {
        Socket = socket;
        Fd.SetNonBlocking(socket, true);
    }

    internal int Socket { get; }

    /// <summary>Hung up.</summary>
    internal bool IsClosed { get; private set; }

    internal bool HasOutput => _output.Count > 0;

    /// <summary>Slots of deliveries without an answer.</summary>
    internal IReadOnlyCollection<byte> Slots => _slots.Values;

    /// <summary>Orders a delivery that root has granted.</summary>
    internal void Order(uint id, PendingDelivery order)
    {
        _slots.Add(id, order.Slot);
        _output.Enqueue(order);
    }

    /// <summary>Sends what the socket takes.</summary>
    /// <exception cref="PosixException">The process is gone.</exception>
    internal void Flush()
    {
        while (_output.TryPeek(out PendingDelivery first))
        {
            // The descriptor goes with the first byte.
            int descriptor = _sent == 0 && first.OwnFile is { } file ? file.Descriptor : -1;
            int put = FdPassing.TrySend(Socket, first.Frame.AsSpan(_sent), descriptor);
            if (put < 0)
            {
                return;
            }

            _sent += put;
            if (_sent == first.Frame.Length)
            {
                _output.Dequeue();
                first.OwnFile?.Dispose();
                _sent = 0;
            }
        }
    }

    /// <summary>Reads answers.</summary>
    /// <returns>False at the end of the connection.</returns>
    /// <exception cref="InvalidDataException">What it says is no answer to anything.</exception>
    /// <exception cref="PosixException">The connection is broken.</exception>
    internal bool Read(Action<byte, Outcome> report)
    {
        // An ordinary read: descriptors that came along, though none should, are dropped.
        int got = Fd.Read(Socket, _reader.Space());
        if (got <= 0)
        {
            return got < 0;
        }

        _reader.Advance(got);
        while (_reader.TryTake() is { } frame)
        {
            LocalReport answer = LocalChannel.ParseAnswer(frame);
            if (!_slots.Remove(answer.Id, out byte slot))
            {
                throw new InvalidDataException("An answer to no order.");
            }

            report(slot, DeliveryResult.Of(answer.ExitCode, answer.Text.Span));
        }

        return true;
    }

    /// <summary>Hangs up; a well-behaved process ends then.</summary>
    internal void Close()
    {
        IsClosed = true;
        Fd.Close(Socket);
        while (_output.TryDequeue(out PendingDelivery waiting))
        {
            waiting.OwnFile?.Dispose();
        }
    }
}

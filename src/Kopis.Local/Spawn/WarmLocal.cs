using Kopis.Base;
using Kopis.Local.Delivery;
using Kopis.Local.Worker;
using Kopis.Posix;

namespace Kopis.Local.Spawn;

/// <summary>The channel to one warm qmail-local. That process belongs to a user and is not trusted:
/// it can report falsely about that user's deliveries, but harm nothing else.</summary>
internal sealed class WarmLocal
{
    private readonly FrameReader _reader = new(LocalChannel.AnswerBytesMax);
    private readonly Dictionary<uint, (byte Slot, string User)> _deliveries = [];
    private readonly Queue<(byte[] Bytes, int File)> _output = new();
    private readonly ProgramPlaces _places;
    private int _sent; // Bytes of the first frame.

    /// <summary>Makes the channel to a running process.</summary>
    /// <param name="socket">Our end of the socket pair, which this object closes.</param>
    /// <param name="places">The slots for its programs.</param>
    internal WarmLocal(int socket, ProgramPlaces places)
    {
        Socket = socket;
        _places = places;
        Fd.SetNonBlocking(socket, true);
    }

    internal int Socket { get; }

    internal bool HasOutput => _output.Count > 0;

    /// <summary>The slots of deliveries without an answer.</summary>
    internal IEnumerable<byte> Slots => _deliveries.Values.Select(delivery => delivery.Slot);

    /// <summary>Sends the order for a delivery that root has granted.</summary>
    internal void Order(uint id, PendingDelivery order)
    {
        _deliveries.Add(id, (order.Slot, order.User));
        _output.Enqueue((order.Frame, order.File));
    }

    /// <summary>Whether it has this delivery.</summary>
    internal bool Has(uint id) => _deliveries.ContainsKey(id);

    /// <summary>Lets a delivery run its program.</summary>
    internal void GrantPlace(uint id) => _output.Enqueue((LocalChannel.FormatPlace(id), -1));

    /// <summary>Sends as much as the socket takes.</summary>
    /// <exception cref="PosixException">The process is gone.</exception>
    internal void Flush()
    {
        while (_output.TryPeek(out (byte[] Bytes, int File) first))
        {
            // The descriptor goes with the first byte of a frame.
            int descriptor = _sent == 0 ? first.File : -1;
            int put = FdPassing.TrySend(Socket, first.Bytes.AsSpan(_sent), descriptor);
            if (put < 0)
            {
                return;
            }

            _sent += put;
            if (_sent == first.Bytes.Length)
            {
                _output.Dequeue();
                Close(first.File);
                _sent = 0;
            }
        }
    }

    /// <summary>Reads answers.</summary>
    /// <returns>False at the end of the connection.</returns>
    /// <exception cref="InvalidDataException">It sent something that is not a valid answer.
    /// </exception>
    /// <exception cref="PosixException">The connection is broken.</exception>
    internal bool Read(Action<byte, Outcome> report)
    {
        // This is an ordinary read, so descriptors that came along, though none should, are
        // dropped.
        int got = Fd.Read(Socket, _reader.Space());
        if (got <= 0)
        {
            return got < 0;
        }

        _reader.Advance(got);
        while (_reader.TryTake() is { } frame)
        {
            Handle(LocalChannel.ParseAnswer(frame), report);
        }

        return true;
    }

    private void Handle(LocalReport answer, Action<byte, Outcome> report)
    {
        if (!_deliveries.TryGetValue(answer.Id, out (byte Slot, string User) delivery))
        {
            throw new InvalidDataException("An answer to no order.");
        }

        switch (answer.ExitCode)
        {
            case LocalChannel.PlaceWanted when _places.TryAdd(answer.Id, delivery.User):
            case LocalChannel.PlaceFree when _places.Remove(answer.Id):
                return;
            case LocalChannel.PlaceWanted or LocalChannel.PlaceFree:
                throw new InvalidDataException("A place is wanted twice, or none was.");
            default:
                _places.Remove(answer.Id);
                _deliveries.Remove(answer.Id);
                report(delivery.Slot, DeliveryResult.Of(answer.ExitCode, answer.Text.Span));
                return;
        }
    }

    /// <summary>Closes the channel; a correct process ends then.</summary>
    internal void Close()
    {
        Fd.Close(Socket);
        foreach (uint id in _deliveries.Keys)
        {
            _places.Remove(id);
        }

        while (_output.TryDequeue(out (byte[] Bytes, int File) waiting))
        {
            Close(waiting.File);
        }
    }

    private static void Close(int file)
    {
        if (file >= 0)
        {
            Fd.Close(file);
        }
    }
}

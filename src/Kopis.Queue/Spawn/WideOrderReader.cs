using System.Buffers.Binary;
using Kopis.Queue.Store.State;

namespace Kopis.Queue.Spawn;

/// <summary>Parses the frames that qmail-send writes. Bytes in, orders and questions out; no I/O.
/// </summary>
public sealed class WideOrderReader
{
    private readonly WideFrameCutter _cutter = new(WideFrames.OrderBytesMax);
    private readonly List<DeliveryCommand> _one = [];

    /// <summary>Parses bytes, and adds the orders and questions that they complete.</summary>
    /// <exception cref="InvalidDataException">The peer is not qmail-send.</exception>
    public void Read(
        ReadOnlySpan<byte> bytes, ICollection<WideOrder> orders,
        ICollection<WideQuestion> questions) =>
        _cutter.Read(bytes, (type, body) =>
        {
            if (body.Length < 4)
            {
                throw new InvalidDataException("A frame ends early.");
            }

            uint number = BinaryPrimitives.ReadUInt32LittleEndian(body);
            switch (type)
            {
                case WideFrames.Order:
                    orders.Add(ReadOrder(number, body[4..]));
                    break;
                case WideFrames.RoutedOrder:
                    orders.Add(ReadRouted(number, body[4..]));
                    break;
                case WideFrames.Question:
                    questions.Add(ReadQuestion(number, body[4..]));
                    break;
                default:
                    throw new InvalidDataException("A frame of no known type.");
            }
        });

    private WideOrder ReadOrder(uint slot, ReadOnlySpan<byte> command)
    {
        DeliveryCommandReader reader = new();
        _one.Clear();
        reader.Read([0], _one);
        reader.Read(command, _one);
        if (_one.Count != 1 || !reader.IsBetween || slot >= WideFrames.SlotsMax)
        {
            throw new InvalidDataException("An order is not one whole command.");
        }

        return new WideOrder((int)slot, _one[0]);
    }

    private WideOrder ReadRouted(uint slot, ReadOnlySpan<byte> body)
    {
        int length = body.IsEmpty ? 0 : body[0];
        ReadOnlySpan<byte> route = body.Length > length ? body[1..(length + 1)] : [];
        if (!route.SequenceEqual(StateRoutes.Parse(route)) || route.IsEmpty)
        {
            throw new InvalidDataException("An order's route is not a host and a port.");
        }

        return ReadOrder(slot, body[(length + 1)..]) with { Route = route.ToArray() };
    }

    private static WideQuestion ReadQuestion(uint id, ReadOnlySpan<byte> body)
    {
        int end = body.IndexOf((byte)0);
        ReadOnlySpan<byte> domain = end < 0 ? [] : body[..end];
        ReadOnlySpan<byte> sender = end < 0 ? [] : body[(end + 1)..];
        if (end < 0 || domain.Length > DeliveryCommand.FieldBytesMax
            || sender is not [.., 0] || sender[..^1].Contains((byte)0)
            || sender.Length - 1 > DeliveryCommand.FieldBytesMax)
        {
            throw new InvalidDataException("A question is not a domain and a sender.");
        }

        return new WideQuestion(id, domain.ToArray(), sender[..^1].ToArray());
    }
}

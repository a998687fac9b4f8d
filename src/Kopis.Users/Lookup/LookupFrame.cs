using System.Buffers.Binary;
using System.Net.Sockets;
using Kopis.Base;

namespace Kopis.Users.Lookup;

/// <summary>
/// The frames of <c>users/lookup</c>: u16 length, then one byte (a <see cref="LookupKind"/> or a
/// <see cref="LookupVerdict"/>), then fields of u16 length and bytes. Little-endian.
/// </summary>
internal static class LookupFrame
{
    /// <summary>The longest frame after its length: an OAuth-sized secret and a name fit.</summary>
    internal const int BytesMax = 16 * 1024;

    private const int FieldsMax = 4;

    /// <summary>Where qmail-lookup listens.</summary>
    internal static string SocketPath(string home) => Path.Combine(home, "users", "lookup");

    /// <summary>A frame with its length; null if it would be too long.</summary>
    internal static byte[]? Make(byte first, params ReadOnlySpan<byte[]> fields)
    {
        int length = 1;
        foreach (byte[] field in fields)
        {
            length += sizeof(ushort) + field.Length;
        }

        if (length > BytesMax)
        {
            return null;
        }

        byte[] frame = new byte[sizeof(ushort) + length];
        BinaryPrimitives.WriteUInt16LittleEndian(frame, (ushort)length);
        frame[sizeof(ushort)] = first;
        Span<byte> to = frame.AsSpan(sizeof(ushort) + 1);
        foreach (byte[] field in fields)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)field.Length);
            field.CopyTo(to[sizeof(ushort)..]);
            to = to[(sizeof(ushort) + field.Length)..];
        }

        return frame;
    }

    /// <summary>Splits a frame without its length.</summary>
    /// <returns>False if it is none.</returns>
    internal static bool TrySplit(ReadOnlySpan<byte> frame, out byte first, out byte[][] fields)
    {
        fields = [];
        first = 0;
        if (frame.IsEmpty)
        {
            return false;
        }

        first = frame[0];
        frame = frame[1..];
        List<byte[]> found = [];
        while (!frame.IsEmpty)
        {
            if (found.Count == FieldsMax || frame.Length < sizeof(ushort))
            {
                return false;
            }

            int length = BinaryPrimitives.ReadUInt16LittleEndian(frame);
            frame = frame[sizeof(ushort)..];
            if (length > frame.Length)
            {
                return false;
            }

            found.Add(frame[..length].ToArray());
            frame = frame[length..];
        }

        fields = [.. found];
        return true;
    }

    /// <summary>A number as a field.</summary>
    internal static byte[] Number(int value)
    {
        byte[] field = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(field, value);
        return field;
    }

    /// <summary>A field that <see cref="Number"/> made; null if it is none.</summary>
    internal static int? ReadNumber(ReadOnlySpan<byte> field) =>
        field.Length == sizeof(int) ? BinaryPrimitives.ReadInt32LittleEndian(field) : null;

    /// <summary>Reads one frame.</summary>
    /// <returns>Without its length; null if the other side has left or talks nonsense.</returns>
    internal static ValueTask<byte[]?> ReceiveAsync(Socket socket, CancellationToken stop) =>
        ReceiveAsync(socket, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan, stop);

    /// <summary>The same, with limits to the time until its length is there, and from then to its
    /// end.</summary>
    internal static async ValueTask<byte[]?> ReceiveAsync(
        Socket socket, TimeSpan idle, TimeSpan longest, CancellationToken stop)
    {
        byte[] head = new byte[sizeof(ushort)];
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(idle);
        if (!await FillAsync(socket, head, limit.Token))
        {
            return null;
        }

        int length = BinaryPrimitives.ReadUInt16LittleEndian(head);
        byte[] frame = new byte[Math.Min(length, BytesMax)];
        limit.CancelAfter(longest);
        return length is > 0 and <= BytesMax && await FillAsync(socket, frame, limit.Token)
            ? frame
            : null;
    }

    /// <summary>Sends all of a frame.</summary>
    internal static async ValueTask SendAsync(
        Socket socket, ReadOnlyMemory<byte> frame, CancellationToken stop)
    {
        while (!frame.IsEmpty)
        {
            frame = frame[await socket.SendAsync(frame, stop)..];
        }
    }

    /// <summary>Fills a buffer; false where the other end closes before.</summary>
    internal static async ValueTask<bool> FillAsync(
        Socket socket, Memory<byte> to, CancellationToken stop)
    {
        while (!to.IsEmpty)
        {
            int got = await socket.ReceiveAsync(to, stop);
            if (got == 0)
            {
                return false;
            }

            to = to[got..];
        }

        return true;
    }
}

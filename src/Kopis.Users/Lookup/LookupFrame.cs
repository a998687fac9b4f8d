using System.Buffers.Binary;
using System.Net.Sockets;
using Kopis.Base;

namespace Kopis.Users.Lookup;

/// <summary>The frames of <c>users/lookup</c>: u16 length; one byte, a <see cref="LookupKind"/> or
/// a <see cref="LookupVerdict"/>; then fields, each with u16 length and bytes. Little-endian.
/// </summary>
internal static class LookupFrame
{
    /// <summary>The most bytes after the length. Enough for a name and an OAuth token.</summary>
    internal const int BytesMax = 16 * 1024;

    private const int FieldsMax = 4;

    /// <summary>The path of qmail-lookup's socket.</summary>
    internal static string SocketPath(string home) => Path.Combine(home, "users", "lookup");

    /// <summary>Makes a frame with its length; null if it would be too long.</summary>
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
    /// <returns>False if it is not a valid frame.</returns>
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

    /// <summary>Makes a field from a number.</summary>
    internal static byte[] Number(int value)
    {
        byte[] field = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(field, value);
        return field;
    }

    /// <summary>Reads a field that <see cref="Number"/> made; null if it is not one.</summary>
    internal static int? ReadNumber(ReadOnlySpan<byte> field) =>
        field.Length == sizeof(int) ? BinaryPrimitives.ReadInt32LittleEndian(field) : null;

    /// <summary>Reads one frame.</summary>
    /// <returns>The frame without its length; null if the other side has closed the connection or
    /// sent an invalid length.</returns>
    internal static ValueTask<byte[]?> ReceiveAsync(Socket socket, CancellationToken stop) =>
        ReceiveAsync(socket, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan, stop);

    /// <summary>The same, with limits on the time until the length has come, and from then to the
    /// end of the frame.</summary>
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

    /// <summary>Sends a whole frame.</summary>
    internal static async ValueTask SendAsync(
        Socket socket, ReadOnlyMemory<byte> frame, CancellationToken stop)
    {
        while (!frame.IsEmpty)
        {
            frame = frame[await socket.SendAsync(frame, stop)..];
        }
    }

    /// <summary>Fills a buffer; false if the other side closes the connection before.</summary>
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

namespace Kopis.Queue;

/// <summary>
/// Sender and recipients in qmail-queue's form: <c>F</c>sender<c>\0</c> (<c>T</c>recipient
/// <c>\0</c>)* <c>\0</c>. The bytes were checked by <see cref="Check"/> or by the record's CRC.
/// </summary>
public readonly struct Envelope(ReadOnlyMemory<byte> bytes)
{
    /// <summary>The longest address, with its NUL (ADDR of qmail-queue.c).</summary>
    public const int AddressBytesMax = 1003;

    /// <summary>Everything as it stands in the queue.</summary>
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    /// <summary>The envelope sender; may be empty or <c>#@[]</c>.</summary>
    public ReadOnlyMemory<byte> Sender => Bytes.Slice(1, Bytes.Span.IndexOf((byte)0) - 1);

    /// <summary>The recipients in order, as given.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Recipients
    {
        get
        {
            ReadOnlyMemory<byte> rest = Bytes[(Bytes.Span.IndexOf((byte)0) + 1)..];
            while (rest.Span[0] == (byte)'T')
            {
                int end = rest.Span.IndexOf((byte)0);
                yield return rest[1..end];
                rest = rest[(end + 1)..];
            }
        }
    }

    /// <summary>Builds the bytes. No address may hold a NUL.</summary>
    public static byte[] Format(
        ReadOnlySpan<byte> sender, IEnumerable<ReadOnlyMemory<byte>> recipients)
    {
        using MemoryStream to = new();
        to.WriteByte((byte)'F');
        to.Write(sender);
        to.WriteByte(0);
        foreach (ReadOnlyMemory<byte> recipient in recipients)
        {
            to.WriteByte((byte)'T');
            to.Write(recipient.Span);
            to.WriteByte(0);
        }

        to.WriteByte(0);
        return to.ToArray();
    }

    /// <summary>Whether foreign bytes are one envelope and nothing more.</summary>
    /// <returns>0, 11 (an address is too long), 54 (it ends early) or 91 (it is no envelope).
    /// </returns>
    public static int Check(ReadOnlySpan<byte> bytes)
    {
        EnvelopeReader reader = default;
        int used = reader.Read(bytes);
        return reader.Code == 0 && used < bytes.Length ? QueueCode.EnvelopeFormat : reader.Code;
    }
}

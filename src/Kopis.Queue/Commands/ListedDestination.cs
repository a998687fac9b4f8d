using System.Buffers;

namespace Kopis.Queue.Commands;

/// <summary>A destination of remote mail, as qmail-send lists it (docs/SENDING.md).</summary>
/// <param name="Name">The name of the destination.</param>
/// <param name="State">The state of the destination.</param>
public sealed record ListedDestination(byte[] Name, DestinationState State)
{
    private const int NumbersBytes = 1 + (5 * sizeof(uint)) + sizeof(ulong);

    /// <summary>Deliveries under way.</summary>
    public uint Running { get; init; }

    /// <summary>Deliveries that may be under way at once.</summary>
    public uint Window { get; init; }

    /// <summary>Recipients that wait.</summary>
    public uint Waiting { get; init; }

    /// <summary>Messages in <see cref="RateMilliseconds"/>; 0: any number.</summary>
    public uint Rate { get; init; }

    /// <summary>The period of the rate.</summary>
    public uint RateMilliseconds { get; init; }

    /// <summary>Unix time of the next probe, or of the end of a pause; 0: none.</summary>
    public long NextTry { get; init; }

    /// <summary>The last report that was not a success; may be empty.</summary>
    public byte[] Text { get; init; } = [];

    /// <summary>Writes the destination as a frame.</summary>
    public void Write(IBufferWriter<byte> to)
    {
        QueueFrame.Begin(to, QueueFrame.Destination,
            QueueFrame.SizeOf(Name) + NumbersBytes + QueueFrame.SizeOf(Text));
        QueueFrame.Put(to, Name);
        QueueFrame.Put(to, (byte)State);
        QueueFrame.Put(to, Running);
        QueueFrame.Put(to, Window);
        QueueFrame.Put(to, Waiting);
        QueueFrame.Put(to, Rate);
        QueueFrame.Put(to, RateMilliseconds);
        QueueFrame.Put(to, (ulong)NextTry);
        QueueFrame.Put(to, Text);
    }

    /// <summary>Parses the content of a frame; null if it is malformed.</summary>
    public static ListedDestination? Parse(ReadOnlySpan<byte> content)
    {
        QueueFieldReader reader = new(content);
        ListedDestination destination = new(reader.Bytes(), (DestinationState)reader.Byte())
        {
            Running = reader.Number32(),
            Window = reader.Number32(),
            Waiting = reader.Number32(),
            Rate = reader.Number32(),
            RateMilliseconds = reader.Number32(),
            NextTry = (long)reader.Number64(),
            Text = reader.Bytes(),
        };
        return reader.IsSound && destination.State <= DestinationState.Held ? destination : null;
    }
}

using System.Buffers;

namespace Kopis.Queue.Commands;

/// <summary>A recipient, as qmail-send lists it.</summary>
/// <param name="Index">Its place in the envelope.</param>
/// <param name="State">What it waits for.</param>
/// <param name="IsLocal">Whether it goes to qmail-lspawn.</param>
/// <param name="Address">The address as its channel knows it.</param>
public sealed record ListedRecipient(
    uint Index, ListedState State, bool IsLocal, byte[] Address)
{
    private const int NumbersBytes = (2 * sizeof(uint)) + 2 + (2 * sizeof(ulong));

    /// <summary>Attempts since the start of qmail-send.</summary>
    public uint Tries { get; init; }

    /// <summary>Unix time of the last attempt; 0: none.</summary>
    public long LastTry { get; init; }

    /// <summary>Unix time of the next attempt; 0: none is planned.</summary>
    public long NextTry { get; init; }

    /// <summary>The last report; empty if not known.</summary>
    public byte[] Text { get; init; } = [];

    /// <summary>The relay that an administrator has chosen, <c>host:port</c>; empty: none.
    /// </summary>
    public byte[] Via { get; init; } = [];

    /// <summary>Writes the recipient as a frame.</summary>
    public void Write(IBufferWriter<byte> to)
    {
        QueueFrame.Begin(to, QueueFrame.Recipient, NumbersBytes
            + QueueFrame.SizeOf(Address) + QueueFrame.SizeOf(Text) + QueueFrame.SizeOf(Via));
        QueueFrame.Put(to, Index);
        QueueFrame.Put(to, (byte)State);
        QueueFrame.Put(to, (byte)(IsLocal ? 1 : 0));
        QueueFrame.Put(to, Tries);
        QueueFrame.Put(to, (ulong)LastTry);
        QueueFrame.Put(to, (ulong)NextTry);
        QueueFrame.Put(to, Address);
        QueueFrame.Put(to, Text);
        QueueFrame.Put(to, Via);
    }

    /// <summary>Parses the content of a frame; null if it is malformed.</summary>
    public static ListedRecipient? Parse(ReadOnlySpan<byte> content)
    {
        QueueFieldReader reader = new(content);
        uint index = reader.Number32();
        ListedState state = (ListedState)reader.Byte();
        bool isLocal = reader.Byte() == 1;
        (uint tries, long last) = (reader.Number32(), (long)reader.Number64());
        long next = (long)reader.Number64();
        ListedRecipient recipient = new(index, state, isLocal, reader.Bytes())
        {
            Tries = tries,
            LastTry = last,
            NextTry = next,
            Text = reader.Bytes(),
            Via = reader.HasMore ? reader.Bytes() : [], // An older qmail-send sends none.
        };
        return reader.IsSound && state <= ListedState.ToDo ? recipient : null;
    }
}

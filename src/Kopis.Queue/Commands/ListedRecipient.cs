using System.Buffers;

namespace Kopis.Queue.Commands;

/// <summary>A recipient, as qmail-send lists it.</summary>
/// <param name="Index">Its place in the envelope.</param>
/// <param name="State">What it waits for.</param>
/// <param name="IsLocal">Whether it goes to qmail-lspawn.</param>
/// <param name="Address">As its channel knows it.</param>
public sealed record ListedRecipient(
    uint Index, ListedState State, bool IsLocal, byte[] Address)
{
    /// <summary>Tries since the start of qmail-send.</summary>
    public uint Tries { get; init; }

    /// <summary>Unix time of the last of them; 0: none.</summary>
    public long LastTry { get; init; }

    /// <summary>Unix time of the next try; 0: nothing is planned.</summary>
    public long NextTry { get; init; }

    /// <summary>The last report; empty where it is not known.</summary>
    public byte[] Text { get; init; } = [];

    /// <summary>The relay that an administrator has chosen, <c>host:port</c>; empty: none.
    /// </summary>
    public byte[] Via { get; init; } = [];

    /// <summary>Writes it as a frame.</summary>
    public void Write(IBufferWriter<byte> to)
    {
        ArrayBufferWriter<byte> content = new(128);
        QueueFrame.Put(content, Index);
        QueueFrame.Put(content, (byte)State);
        QueueFrame.Put(content, (byte)(IsLocal ? 1 : 0));
        QueueFrame.Put(content, Tries);
        QueueFrame.Put(content, (ulong)LastTry);
        QueueFrame.Put(content, (ulong)NextTry);
        QueueFrame.Put(content, Address);
        QueueFrame.Put(content, Text);
        QueueFrame.Put(content, Via);
        QueueFrame.Write(to, QueueFrame.Recipient, content.WrittenSpan);
    }

    /// <summary>Reads the content of a frame; null where it is none.</summary>
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
            Via = reader.HasMore ? reader.Bytes() : [], // An earlier one sends none.
        };
        return reader.IsSound && state <= ListedState.ToDo ? recipient : null;
    }
}

using System.Buffers;

namespace Kopis.Queue.Commands;

/// <summary>A message, as qmail-send lists it.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Born">Unix time of its arrival.</param>
/// <param name="Uid">The user who queued it.</param>
/// <param name="Sender">The envelope sender.</param>
public sealed record ListedMessage(ulong Number, long Born, uint Uid, byte[] Sender)
{
    /// <summary>Writes the message as a frame.</summary>
    public void Write(IBufferWriter<byte> to)
    {
        ArrayBufferWriter<byte> content = new(64);
        QueueFrame.Put(content, Number);
        QueueFrame.Put(content, (ulong)Born);
        QueueFrame.Put(content, Uid);
        QueueFrame.Put(content, Sender);
        QueueFrame.Write(to, QueueFrame.Message, content.WrittenSpan);
    }

    /// <summary>Parses the content of a frame; null if it is malformed.</summary>
    public static ListedMessage? Parse(ReadOnlySpan<byte> content)
    {
        QueueFieldReader reader = new(content);
        ListedMessage message = new(
            reader.Number64(), (long)reader.Number64(), reader.Number32(), reader.Bytes());
        return reader.IsSound ? message : null;
    }
}

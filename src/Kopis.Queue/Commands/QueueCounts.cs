using System.Buffers;

namespace Kopis.Queue.Commands;

/// <summary>The result of a command, or its progress.</summary>
/// <param name="Looked">How many messages were looked at.</param>
/// <param name="LookedOf">How many messages are to be looked at.</param>
/// <param name="Messages">How many messages have a matching recipient that is not done.</param>
/// <param name="Recipients">How many recipients were acted on, or with a dry run would be.</param>
/// <param name="Running">How many selected recipients have a running delivery, which is allowed to
/// finish.</param>
/// <param name="Failed">How many recipients could not be acted on; the log says why.</param>
public readonly record struct QueueCounts(
    ulong Looked, ulong LookedOf, ulong Messages, ulong Recipients, ulong Running, ulong Failed)
{
    /// <summary>Writes the counts as a frame.</summary>
    public void Write(IBufferWriter<byte> to, byte kind)
    {
        ArrayBufferWriter<byte> content = new(64);
        foreach (ulong number in (ReadOnlySpan<ulong>)
            [Looked, LookedOf, Messages, Recipients, Running, Failed])
        {
            QueueFrame.Put(content, number);
        }

        QueueFrame.Write(to, kind, content.WrittenSpan);
    }

    /// <summary>Parses the content of a frame; null if it is malformed.</summary>
    public static QueueCounts? Parse(ReadOnlySpan<byte> content)
    {
        QueueFieldReader reader = new(content);
        QueueCounts counts = new(
            reader.Number64(), reader.Number64(), reader.Number64(), reader.Number64(),
            reader.Number64(), reader.Number64());
        return reader.IsSound ? counts : null;
    }
}

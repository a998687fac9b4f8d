using System.Buffers;

namespace Kopis.Queue.Commands;

/// <summary>What a command came to, or has come to so far.</summary>
/// <param name="Looked">Messages looked at.</param>
/// <param name="LookedOf">Messages to be looked at.</param>
/// <param name="Messages">Messages with a recipient that matches and is not done.</param>
/// <param name="Recipients">Recipients acted on; with a dry run, those that would be.</param>
/// <param name="Running">Those of the selection with a delivery that runs: it is let finish.
/// </param>
/// <param name="Failed">Recipients that could not be acted on; the log says why.</param>
public readonly record struct QueueCounts(
    ulong Looked, ulong LookedOf, ulong Messages, ulong Recipients, ulong Running, ulong Failed)
{
    /// <summary>Writes it as a frame.</summary>
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

    /// <summary>Reads the content of a frame; null where it is none.</summary>
    public static QueueCounts? Parse(ReadOnlySpan<byte> content)
    {
        QueueFieldReader reader = new(content);
        QueueCounts counts = new(
            reader.Number64(), reader.Number64(), reader.Number64(), reader.Number64(),
            reader.Number64(), reader.Number64());
        return reader.IsSound ? counts : null;
    }
}

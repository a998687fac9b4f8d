using Kopis.Base;

namespace Kopis.Send.Scheduling;

/// <summary>The last report of each recipient that is not done: each text is kept once, and counted
/// (<see cref="RecipientNote"/>).</summary>
/// <param name="bytesMax">Bytes of memory for texts, and as much for the notes of long messages.
/// Beyond it a recipient's text is not kept.</param>
internal sealed class ReasonTexts(long bytesMax = ReasonTexts.BytesUsual)
{
    /// <summary>Some ten thousand texts: greylisting with a time in each is that many.</summary>
    internal const long BytesUsual = 8 * 1024 * 1024;

    /// <summary>Longer ones are cut: reply and host stand at the front.</summary>
    internal const int TextBytesMax = 500;

    private const int EntryBytes = 120; // The objects, and their places.

    private readonly Dictionary<byte[], uint> _numbers = new(ByteComparer.Instance);
    private readonly List<(byte[] Text, int Count)> _texts = [([], 0)]; // 0 is none.
    private readonly Stack<uint> _free = new();
    private long _bytes;
    private long _pageBytes;

    /// <summary>The text of a note.</summary>
    internal byte[] this[uint number] => _texts[(int)number].Text;

    /// <summary>Different texts that are kept.</summary>
    internal int Count => _numbers.Count;

    /// <summary>Takes a report about a recipient that is not done.</summary>
    internal void Note(QueuedMessage message, int recipient, ReadOnlySpan<byte> text, long now)
    {
        RecipientNote before = message.Note(recipient);
        RecipientNote after = new((uint)now, Add(text), before.Tries + 1);
        if (message.TrySetNote(recipient, after, this))
        {
            Drop(before.Text);
        }
        else
        {
            Drop(after.Text);
        }
    }

    /// <summary>The recipient is done.</summary>
    internal void Forget(QueuedMessage message, int recipient)
    {
        RecipientNote note = message.Note(recipient);
        if (note.Text != 0 && message.TrySetNote(recipient, note with { Text = 0 }, this))
        {
            Drop(note.Text);
        }
    }

    /// <summary>Takes memory for notes; false where all is taken.</summary>
    internal bool TryTakePage(int bytes)
    {
        bool hasRoom = _pageBytes + bytes <= bytesMax;
        _pageBytes += hasRoom ? bytes : 0;
        return hasRoom;
    }

    /// <summary>Gives it back.</summary>
    internal void FreePages(long bytes) => _pageBytes -= bytes;

    private uint Add(ReadOnlySpan<byte> text)
    {
        text = text[..Math.Min(text.Length, TextBytesMax)];
        var lookup = _numbers.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (lookup.TryGetValue(text, out uint number))
        {
            (byte[] kept, int count) = _texts[(int)number];
            _texts[(int)number] = (kept, count + 1);
            return number;
        }

        if (text.IsEmpty || _bytes + text.Length + EntryBytes > bytesMax)
        {
            return 0;
        }

        byte[] copy = text.ToArray();
        _bytes += copy.Length + EntryBytes;
        if (!_free.TryPop(out number))
        {
            number = (uint)_texts.Count;
            _texts.Add(default);
        }

        _texts[(int)number] = (copy, 1);
        _numbers.Add(copy, number);
        return number;
    }

    private void Drop(uint number)
    {
        if (number == 0)
        {
            return;
        }

        (byte[] text, int count) = _texts[(int)number];
        _texts[(int)number] = (text, count - 1);
        if (count == 1)
        {
            _numbers.Remove(text);
            _texts[(int)number] = default;
            _free.Push(number);
            _bytes -= text.Length + EntryBytes;
        }
    }
}

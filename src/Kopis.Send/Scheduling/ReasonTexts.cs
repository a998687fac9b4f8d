using Kopis.Base;

namespace Kopis.Send.Scheduling;

/// <summary>The last report about each recipient that is not done. Each text is stored once, with a
/// count of its uses (<see cref="RecipientNote"/>).</summary>
/// <param name="bytesMax">Bytes of memory for texts, and as many again for the notes of long
/// messages. Beyond that, a recipient's text is not kept.</param>
internal sealed class ReasonTexts(long bytesMax = ReasonTexts.BytesUsual)
{
    /// <summary>Room for some ten thousand texts: greylisting with a time in each reply produces
    /// that many.</summary>
    internal const long BytesUsual = 8 * 1024 * 1024;

    /// <summary>Longer texts are cut: the reply and the host are at the beginning.</summary>
    internal const int TextBytesMax = 500;

    private const int EntryBytes = 120; // The objects, and their places.

    private readonly Dictionary<byte[], uint> _numbers = new(ByteComparer.Instance);
    private readonly List<(byte[] Text, int Count)> _texts = [([], 0)]; // Number 0 is no text.
    private readonly Stack<uint> _free = new();
    private long _bytes;
    private long _pageBytes;

    /// <summary>The text with a number.</summary>
    internal byte[] this[uint number] => _texts[(int)number].Text;

    /// <summary>How many different texts are kept.</summary>
    internal int Count => _numbers.Count;

    /// <summary>Notes a report about a recipient that is not done.</summary>
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

    /// <summary>Drops the note of a recipient that is done.</summary>
    internal void Forget(QueuedMessage message, int recipient)
    {
        RecipientNote note = message.Note(recipient);
        if (note.Text != 0 && message.TrySetNote(recipient, note with { Text = 0 }, this))
        {
            Drop(note.Text);
        }
    }

    /// <summary>Takes memory for notes; false if none is left.</summary>
    internal bool TryTakePage(int bytes)
    {
        bool hasRoom = _pageBytes + bytes <= bytesMax;
        _pageBytes += hasRoom ? bytes : 0;
        return hasRoom;
    }

    /// <summary>Gives memory for notes back.</summary>
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

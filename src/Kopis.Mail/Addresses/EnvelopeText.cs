using System.Buffers;

namespace Kopis.Mail.Addresses;

/// <summary>An envelope in the form for the queue, as it arrives: <c>F</c>sender<c>\0</c>; for each
/// recipient <c>T</c>recipient<c>\0</c>; after each of these, if it has parameters,
/// <c>P</c>parameters<c>\0</c>; and a last <c>\0</c> (contract §5.1, docs/queue-format.md).
/// </summary>
internal sealed class EnvelopeText
{
    private const int KeptBytes = 4096; // A larger buffer is freed when idle.
    private ArrayBufferWriter<byte> _text = new();

    /// <summary>The number of bytes so far.</summary>
    internal int Count => _text.WrittenCount;

    /// <summary>Adds a record.</summary>
    internal void Add(
        byte letter, ReadOnlySpan<byte> text, ReadOnlySpan<byte> suffix = default)
    {
        _text.Write([letter]);
        _text.Write(text);
        _text.Write(suffix);
        _text.Write("\0"u8);
    }

    /// <summary>Adds a record of parameters, if there are any.</summary>
    internal void AddParameters(ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty)
        {
            Add((byte)'P', text);
        }
    }

    /// <summary>The bytes so far.</summary>
    internal ReadOnlySpan<byte> Written => _text.WrittenSpan;

    /// <summary>Replaces some bytes by others.</summary>
    internal void Replace(int start, int length, ReadOnlySpan<byte> with)
    {
        ArrayBufferWriter<byte> text = new(Math.Max(1, Count - length + with.Length));
        text.Write(Written[..start]);
        text.Write(with);
        text.Write(Written[(start + length)..]);
        _text = text;
    }

    /// <summary>The complete envelope.</summary>
    internal byte[] ToBytes() => [.. _text.WrittenSpan, 0];

    /// <summary>Empties it, for the next envelope.</summary>
    internal void Clear()
    {
        if (_text.Capacity > KeptBytes)
        {
            _text = new ArrayBufferWriter<byte>();
        }

        _text.ResetWrittenCount();
    }
}

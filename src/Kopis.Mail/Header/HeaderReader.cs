using System.Buffers;

namespace Kopis.Mail.Header;

/// <summary>Reads the fields of a message's header as it arrives, each as a whole however it is
/// folded. An empty line ends the header, and so does a line that is not a field. Lines end in LF.
/// </summary>
/// <param name="take">Receives each field: its name, and the text after the colon, without the line
/// ends in it and the blanks around it.</param>
/// <param name="fieldBytesMax">How many bytes of a field are kept.</param>
public sealed class HeaderReader(HeaderReader.FieldTaker take, int fieldBytesMax)
{
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly ArrayBufferWriter<byte> _field = new();
    private bool _isFirst = true;

    /// <summary>Reads a field.</summary>
    public delegate void FieldTaker(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value);

    /// <summary>Whether the header has ended.</summary>
    public bool IsOver { get; private set; }

    /// <summary>Reads the next piece of the message.</summary>
    /// <returns>How many bytes belonged to the header: all of them, until it has ended.</returns>
    public int Read(ReadOnlySpan<byte> bytes)
    {
        int used = 0;
        while (!IsOver && used < bytes.Length)
        {
            ReadOnlySpan<byte> rest = bytes[used..];
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> piece = end < 0 ? rest : rest[..end];
            _line.Write(piece[..Math.Min(piece.Length, fieldBytesMax - _line.WrittenCount)]);
            used += end < 0 ? rest.Length : end + 1;
            if (end >= 0)
            {
                HandleLine(_line.WrittenSpan);
                _line.ResetWrittenCount();
            }
        }

        return used;
    }

    /// <summary>Ends the message, even if it is incomplete.</summary>
    public void End()
    {
        if (!IsOver && _line.WrittenCount > 0)
        {
            HandleLine(_line.WrittenSpan);
        }

        Finish();
    }

    private void HandleLine(ReadOnlySpan<byte> line)
    {
        bool isFirst = _isFirst;
        _isFirst = false;
        if (line is [(byte)' ' or (byte)'\t', ..] && _field.WrittenCount > 0)
        {
            _field.Write(line[..Math.Min(line.Length, fieldBytesMax - _field.WrittenCount)]);
            return;
        }

        if (isFirst && line.StartsWith("From "u8))
        {
            return; // The line of an mbox before the header.
        }

        if (line.IndexOf((byte)':') <= 0)
        {
            Finish();
            return;
        }

        GiveField();
        _field.Write(line);
    }

    private void Finish()
    {
        GiveField();
        IsOver = true;
    }

    private void GiveField()
    {
        ReadOnlySpan<byte> field = _field.WrittenSpan;
        int colon = field.IndexOf((byte)':');
        if (colon > 0)
        {
            take(field[..colon].TrimEnd(" \t"u8), field[(colon + 1)..].Trim(" \t"u8));
        }

        _field.ResetWrittenCount();
    }
}

using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Filtering;

/// <summary>The header of a stored message as a list of fields that can be changed. Lines end in
/// LF. An empty line ends the header. A line that is not a field also ends it, and is then the
/// first line of the body.</summary>
public sealed class EditableHeader
{
    /// <summary>A longer header is not read: as <see cref="Authentication.MessageReader"/>.
    /// </summary>
    public const int BytesMax = Authentication.MessageReader.HeaderBytesMax;

    private readonly List<byte[]> _fields = [];
    private readonly bool _isBodyFolded;

    private EditableHeader(int bodyStart, bool hasEnd, bool isBodyFolded) =>
        (BodyStart, HasEnd, _isBodyFolded) = (bodyStart, hasEnd, isBodyFolded);

    /// <summary>The fields in order, each with its lines' ends.</summary>
    public IReadOnlyList<byte[]> Fields => _fields;

    /// <summary>The offset of the body in what was parsed.</summary>
    public int BodyStart { get; }

    /// <summary>Whether an empty line ended it.</summary>
    public bool HasEnd { get; private set; }

    /// <summary>Parses a header.</summary>
    /// <param name="message">The message, or its beginning.</param>
    /// <param name="isAll">Whether this is the whole message.</param>
    /// <returns>Null if the header continues beyond what is given, or has too many fields.
    /// </returns>
    public static EditableHeader? Parse(ReadOnlySpan<byte> message, bool isAll)
    {
        List<byte[]> fields = [];
        int start = 0; // Of the field under way.
        int at = 0;
        bool isOver = false;
        bool hasEnd = false;
        while (at < message.Length && !isOver)
        {
            ReadOnlySpan<byte> rest = message[at..];
            int end = rest.IndexOf((byte)'\n');
            if (end < 0 && !isAll)
            {
                return null;
            }

            ReadOnlySpan<byte> line = end < 0 ? rest : rest[..end];
            bool isFolded = at > 0 && line.Length > 0 && IsBlank(line[0]);
            hasEnd = end == 0;
            isOver = hasEnd || (!isFolded && !IsField(line));
            if (!isFolded && at > start)
            {
                fields.Add(Whole(message[start..at]));
                start = at;
            }

            at += isOver && !hasEnd ? 0 : end < 0 ? line.Length : end + 1;
        }

        if (!isOver && !isAll)
        {
            return null;
        }

        if (!isOver && at > start)
        {
            fields.Add(Whole(message[start..at]));
        }

        bool isBodyFolded = !hasEnd && at < message.Length && IsBlank(message[at]);
        EditableHeader header = new(at, hasEnd, isBodyFolded);
        header._fields.AddRange(fields);
        return fields.Count <= Authentication.MessageReader.FieldsMax ? header : null;
    }

    /// <summary>Makes a change. A change to a field that does not exist adds it at the end, as in
    /// Sendmail; a field to be removed may be missing.</summary>
    public void Apply(FieldEdit edit)
    {
        int at = edit.Kind switch
        {
            FieldEditKind.Insert => Math.Min(edit.Index, _fields.Count),
            FieldEditKind.Change => Find(edit.Name, edit.Index),
            _ => _fields.Count,
        };
        if (edit.Kind == FieldEditKind.Change && at < _fields.Count)
        {
            _fields.RemoveAt(at);
        }

        if (edit.Field.Length > 0)
        {
            _fields.Insert(at, edit.Field);
            HasEnd |= _isBodyFolded; // Else the body would continue the filter's field.
        }
    }

    /// <summary>Adds an empty line after the header: with a new body, no line of that may join the
    /// header.</summary>
    public void End() => HasEnd = true;

    /// <summary>Writes the header, with its empty line if it has one.</summary>
    public void Write(IBufferWriter<byte> to)
    {
        foreach (byte[] field in _fields)
        {
            to.Write(field);
        }

        if (HasEnd)
        {
            to.Write("\n"u8);
        }
    }

    /// <summary>The name of a field.</summary>
    public static ReadOnlySpan<byte> NameOf(ReadOnlySpan<byte> field) =>
        field[..field.IndexOf((byte)':')].TrimEnd(" \t"u8);

    /// <summary>The text after a field's colon, without the end of its last line.</summary>
    public static ReadOnlySpan<byte> ValueOf(ReadOnlySpan<byte> field) =>
        field[(field.IndexOf((byte)':') + 1)..^1];

    private int Find(ReadOnlySpan<byte> name, int number)
    {
        for (int i = 0; i < _fields.Count; i++)
        {
            if (Ascii8.EqualsIgnoreCase(NameOf(_fields[i]), name) && --number <= 0)
            {
                return i;
            }
        }

        return _fields.Count;
    }

    private static bool IsBlank(byte one) => one is (byte)' ' or (byte)'\t';

    private static byte[] Whole(ReadOnlySpan<byte> field) =>
        field is [.., (byte)'\n'] ? field.ToArray() : [.. field, (byte)'\n'];

    // A name of printing ASCII, perhaps blanks, and a colon (RFC 5322 §2.2, §4.5).
    private static bool IsField(ReadOnlySpan<byte> line)
    {
        int colon = line.IndexOf((byte)':');
        ReadOnlySpan<byte> name = colon < 0 ? [] : line[..colon].TrimEnd(" \t"u8);
        return !name.IsEmpty && !name.ContainsAnyExceptInRange((byte)33, (byte)126);
    }
}

namespace Kopis.Mail.Filtering;

/// <summary>One change of a header.</summary>
/// <param name="Kind">The kind of change.</param>
/// <param name="Index">Of <see cref="FieldEditKind.Insert"/>: before which field, from 0; of
/// <see cref="FieldEditKind.Change"/>: which of the fields of that name, from 1.</param>
/// <param name="Field">The whole new field, with lines ended by LF; empty to remove it.</param>
/// <param name="Name">The field's name.</param>
public sealed record FieldEdit(FieldEditKind Kind, int Index, byte[] Name, byte[] Field)
{
    /// <summary>Makes a change from a name and a value that a filter has sent.</summary>
    /// <param name="kind">The kind of change.</param>
    /// <param name="index">The same as in the record.</param>
    /// <param name="name">The field's name; if it is not valid (RFC 5322 §2.2) there is no change.
    /// </param>
    /// <param name="value">The value. A line that does not begin with a blank gets a tab, so that
    /// the value stays one field; CRs are removed, and NULs become blanks.</param>
    /// <param name="hasBlank">Whether the value begins with the blank after the colon.</param>
    public static FieldEdit? Make(
        FieldEditKind kind, int index, byte[] name, ReadOnlySpan<byte> value, bool hasBlank)
    {
        if (name.Length == 0 || name.AsSpan().ContainsAnyExceptInRange((byte)33, (byte)126)
            || name.AsSpan().Contains((byte)':'))
        {
            return null;
        }

        if (kind == FieldEditKind.Change && value.IsEmpty)
        {
            return new FieldEdit(kind, index, name, []);
        }

        List<byte> field = [.. name, (byte)':'];
        if (!hasBlank)
        {
            field.Add((byte)' ');
        }

        value = value.TrimEnd("\r\n"u8);
        for (int i = 0; i < value.Length; i++)
        {
            if (value[i] != (byte)'\r')
            {
                field.Add(value[i] == 0 ? (byte)' ' : value[i]);
            }

            if (value[i] == (byte)'\n' && value[i + 1] is not ((byte)' ' or (byte)'\t'))
            {
                field.Add((byte)'\t');
            }
        }

        field.Add((byte)'\n');
        return new FieldEdit(kind, index, name, [.. field]);
    }
}

namespace Kopis.Mail.Filtering;

/// <summary>One change of a header.</summary>
/// <param name="Kind">What is done.</param>
/// <param name="Index">Of <see cref="FieldEditKind.Insert"/>: before which field, from 0; of
/// <see cref="FieldEditKind.Change"/>: which of the fields of that name, from 1.</param>
/// <param name="Field">The whole new field, lines ended by LF; empty for one that goes.</param>
/// <param name="Name">The field's name.</param>
public sealed record FieldEdit(FieldEditKind Kind, int Index, byte[] Name, byte[] Field)
{
    /// <summary>Makes a change of a name and a value that a filter has sent.</summary>
    /// <param name="kind">What is done.</param>
    /// <param name="index">As of the record.</param>
    /// <param name="name">What a field may be called (RFC 5322 §2.2); else there is no change.
    /// </param>
    /// <param name="value">A line that does not begin with a blank gets a tab, so that a value
    /// stays one field; a CR is left out, and a NUL is a blank.</param>
    /// <param name="hasBlank">Whether the value has its blank after the colon.</param>
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

using System.Text.Json;
using System.Text.Unicode;

namespace Kopis.Tools.Journal;

/// <summary>Checks whether a line may go into the journal, whoever sends it (qmail-journal(5)).
/// </summary>
internal static class RecordCheck
{
    /// <summary>The length of a record with its line end.</summary>
    internal const int BytesMax = 8 * 1024;

    private const int NameBytesMax = 16;
    private const byte LastControl = 0x1F, Delete = 0x7F;
    private static readonly string[] Stamps = ["t", "by", "pid"]; // Only our writer adds these.

    /// <summary>Whether a line without its end is a record: <c>{"e":"KIND"</c>, then fields of
    /// texts, numbers and lists of texts. No field may be a stamp, and no byte may control a
    /// terminal or end a line.</summary>
    internal static bool IsRecord(ReadOnlySpan<byte> line)
    {
        if (line.Length >= BytesMax || !line.StartsWith("{\"e\":\""u8) || line[^1] != '}'
            || line.ContainsAnyInRange((byte)0, LastControl) || line.Contains(Delete)
            || !Utf8.IsValid(line))
        {
            return false;
        }

        try
        {
            Utf8JsonReader reader = new(line, new JsonReaderOptions { MaxDepth = 2 });
            bool isFirst = true;
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.PropertyName
                    && (!IsName(reader.ValueSpan) || isFirst != reader.ValueTextEquals("e"u8)))
                {
                    return false;
                }

                isFirst &= reader.TokenType is not JsonTokenType.PropertyName;
                if (reader.TokenType is JsonTokenType.StartObject && reader.CurrentDepth > 0)
                {
                    return false;
                }
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsName(ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > NameBytesMax
            || name.ContainsAnyExceptInRange((byte)'a', (byte)'z'))
        {
            return false;
        }

        foreach (string stamp in Stamps)
        {
            if (name.Length == stamp.Length && System.Text.Ascii.Equals(name, stamp))
            {
                return false;
            }
        }

        return true;
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Kopis.Tools.Journal;

/// <summary>One record of the journal, read back. It was checked when it was written, but the owner
/// of the file may have changed it since.</summary>
public sealed class JournalEntry
{
    // Calculations with times in this range cannot overflow.
    private const int YearLeast = 1970, YearMost = 9000;

    private readonly Dictionary<string, string> _texts = [];
    private readonly Dictionary<string, IReadOnlyList<string>> _lists = [];

    private JournalEntry(byte[] line) => Line = line;

    /// <summary>The line, without its end.</summary>
    public byte[] Line { get; }

    /// <summary>When the journal got it.</summary>
    public DateTimeOffset Time { get; private set; }

    /// <summary>What happened.</summary>
    public string Kind => this["e"] ?? "";

    /// <summary>The text or digits of a field; null if the record has no such field.</summary>
    public string? this[string name] => _texts.GetValueOrDefault(name);

    /// <summary>Whether a message came from the network through the program qmail-queue: from a
    /// filter in its place, whose mail has a record of our server already, or from another server.
    /// </summary>
    public bool IsOfProgram => Kind == "queued" && this["origin"] == "network";

    /// <summary>The number of the message that the record is about; null if there is none.
    /// </summary>
    public ulong? Message => Number("msg");

    /// <summary>The number of the message that was made from it.</summary>
    public ulong? Child => Number("child");

    /// <summary>The number in a field; null if there is none, or it is zero.</summary>
    public ulong? Number(string name) =>
        ulong.TryParse(this[name], NumberStyles.None, CultureInfo.InvariantCulture, out ulong n)
            && n > 0 ? n : null;

    /// <summary>The texts of a field, whether it is a list or not.</summary>
    public IReadOnlyList<string> All(string name) =>
        _lists.GetValueOrDefault(name) ?? (this[name] is { } one ? [one] : []);

    /// <summary>Reads a line; null if it is not a record.</summary>
    internal static JournalEntry? Parse(ReadOnlySpan<byte> line)
    {
        JournalEntry entry = new(line.ToArray());
        try
        {
            Utf8JsonReader reader = new(line, new JsonReaderOptions { MaxDepth = 2 });
            string name = "";
            List<string>? list = null;
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        name = reader.GetString()!;
                        break;
                    case JsonTokenType.StartArray:
                        entry._lists[name] = list = [];
                        break;
                    case JsonTokenType.EndArray:
                        list = null;
                        break;
                    case JsonTokenType.String when list is not null:
                        list.Add(reader.GetString()!);
                        break;
                    case JsonTokenType.String:
                        entry._texts[name] = reader.GetString()!;
                        break;
                    case JsonTokenType.Number:
                        entry._texts[name] = Encoding.ASCII.GetString(reader.ValueSpan);
                        break;
                    default:
                        break;
                }
            }

            if (!DateTimeOffset.TryParse(
                entry["t"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
                out DateTimeOffset time) || time.UtcDateTime.Year is < YearLeast or > YearMost)
            {
                return null;
            }

            entry.Time = time;
            return entry;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}

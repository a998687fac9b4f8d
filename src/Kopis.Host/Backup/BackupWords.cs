using System.Text;
using System.Text.Json;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Backup;

/// <summary>The command line of kopis backup, verify and restore.</summary>
/// <param name="Place">The directory, or - for a tar archive on standard output or input.</param>
internal sealed record BackupWords(string Place)
{
    /// <summary>--mail: include mailboxes.</summary>
    internal bool WithMail { get; init; }

    /// <summary>--json: print the result as JSON.</summary>
    internal bool AsJson { get; init; }

    /// <summary>--progress: report progress on standard error.</summary>
    internal bool WithProgress { get; init; }

    /// <summary>Whether the place is a stream.</summary>
    internal bool IsStream => Place == "-";

    /// <summary>Parses the command line; null if it makes no sense.</summary>
    internal static BackupWords? Parse(ProgramContext context, bool mayHaveMail)
    {
        BackupWords all = new("");
        foreach (byte[] word in context.Arguments)
        {
            switch (RawText.Of(word))
            {
                case "--mail" when mayHaveMail:
                    all = all with { WithMail = true };
                    break;
                case "--json":
                    all = all with { AsJson = true };
                    break;
                case "--progress":
                    all = all with { WithProgress = true };
                    break;
                case var place when all.Place.Length == 0
                    && (place == "-" || place is [not '-', ..]):
                    all = all with { Place = place };
                    break;
                default:
                    return null;
            }
        }

        return all.Place.Length > 0 ? all : null;
    }

    /// <summary>Prints the result: a sentence, or a JSON object with these values.</summary>
    /// <param name="text">A sentence for people, without LF.</param>
    /// <param name="values">Numbers, booleans, texts and lists of texts, by name.</param>
    internal void Say(string text, params (string Name, object Value)[] values)
    {
        byte[] said = AsJson ? Json(values) : Encoding.UTF8.GetBytes(text + "\n");
        Fd.WriteAll(IsStream ? 2 : 1, said);
    }

    private static byte[] Json((string Name, object Value)[] values)
    {
        MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes))
        {
            json.WriteStartObject();
            foreach ((string name, object value) in values)
            {
                switch (value)
                {
                    case bool truth:
                        json.WriteBoolean(name, truth);
                        break;
                    case string text:
                        json.WriteString(name, text);
                        break;
                    case IEnumerable<string> lines:
                        json.WriteStartArray(name);
                        foreach (string line in lines)
                        {
                            json.WriteStringValue(line);
                        }

                        json.WriteEndArray();
                        break;
                    default:
                        json.WriteNumber(name, Convert.ToInt64(value));
                        break;
                }
            }

            json.WriteEndObject();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }
}

using System.Globalization;
using System.Text;
using System.Text.Json;
using Kopis.Base;

namespace Kopis.Tools.Journal;

/// <summary><c>kopis senders</c>: prints from the journal who has sent how much (kopis-senders(1)).
/// </summary>
public static class SendersProgram
{
    private const string Usage = """
        usage: kopis senders [--by login|sender|domain|client]
                             [--sort messages|recipients|bytes]
                             [--since TIME] [--until TIME] [--limit N] [--json]

        Prints who has sent most, from the journal, in the last day or since TIME: 15:30,
        2026-11-30, or so long ago: 2h, 7d. Senders are told apart by login, by envelope sender
        (the usual), by its domain, or by the client's address.
        Exit status: 0; 100 bad usage, 111 the journal cannot be read.

        """;

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context) =>
        JournalCommand.Run(context, Usage, SendersOptions.Parse, Run);

    private static int Run(string journal, SendersOptions options)
    {
        SenderTable table = new(options.Key);
        using JournalSearch search = new(journal, options.Since, options.Until);
        search.ForEach(SenderTable.Kinds, table.Add);
        IReadOnlyList<SenderRow> rows = table.Top(options.RowsMax, options.Measure);
        JournalCommand.Print(options.IsJson ? Json(rows) : Lines(rows));
        return ExitCode.Success;
    }

    private static string Lines(IReadOnlyList<SenderRow> rows)
    {
        StringBuilder text = new("  messages  recipients         bytes  sender\n");
        foreach (SenderRow row in rows)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{row.Messages,10}  {row.Recipients,10}  {row.Bytes,12}  ")
                .Append(TraceText.Safe(row.Name)).Append('\n');
        }

        return text.ToString();
    }

    private static string Json(IReadOnlyList<SenderRow> rows)
    {
        using MemoryStream text = new();
        foreach (SenderRow row in rows)
        {
            using (Utf8JsonWriter json = new(text))
            {
                json.WriteStartObject();
                json.WriteString("sender", row.Name);
                json.WriteNumber("messages", row.Messages);
                json.WriteNumber("recipients", row.Recipients);
                json.WriteNumber("bytes", row.Bytes);
                json.WriteEndObject();
            }

            text.WriteByte((byte)'\n');
        }

        return Encoding.UTF8.GetString(text.ToArray());
    }
}

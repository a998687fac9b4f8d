using System.Globalization;
using System.Text;
using System.Text.Json;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Tools.Queue;

namespace Kopis.Tools.Journal;

/// <summary><c>kopis summary</c>: prints what a day had more or less of than the day before
/// (kopis-summary(1)).</summary>
public static class SummaryProgram
{
    private const int LinesOfKindMax = 10;
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private const string Usage = """
        usage: kopis summary [--all] [--day YYYY-MM-DD] [--json | --mail ADDRESS]

        Counts in the journal what happened in the last 24 hours, or on a day (UTC), and prints what
        was twice as often as in the day before it, or half as often; with --all everything. With
        --mail it is sent to ADDRESS, if there is something, and nothing is printed.
        --json prints the same as a list of objects.

        """;

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context)
    {
        string[] words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        if (words is ["--help"] or ["-h"])
        {
            return Say(1, Usage, ExitCode.Success);
        }

        DateTimeOffset until = DateTimeOffset.UtcNow;
        string mail = "";
        bool isAll = false;
        bool isJson = false;
        for (int i = 0; i < words.Length; i++)
        {
            string value = i + 1 < words.Length ? words[i + 1] : "";
            bool isRight = words[i] switch
            {
                "--all" => isAll = true,
                "--json" => isJson = true,
                "--day" => TryDay(value, ref until),
                "--mail" => OwnMail.IsAddress(mail = value),
                _ => false,
            };
            if (!isRight)
            {
                return Say(2, Usage, ExitCode.Permanent);
            }

            if (isJson && mail.Length > 0)
            {
                return Say(2, Usage, ExitCode.Permanent);
            }

            i += words[i] is "--day" or "--mail" ? 1 : 0;
        }

        string journal = context.In("journal");
        OwnerWork.GoOnAsOwnerOf(journal, context);
        DayLine[] lines = [.. Count(journal, until).Lines(changedOnly: !isAll)];
        if (mail.Length == 0)
        {
            Fd.WriteAll(1, isJson ? Json(lines) : Encoding.UTF8.GetBytes(Text(lines)));
            return ExitCode.Success;
        }

        string text = Text(lines);

        if (text.Length > 0)
        {
            OwnMail.Send(
                context, mail, "kopis summary: what has changed since the day before", text);
        }

        return ExitCode.Success;
    }

    private static bool TryDay(string text, ref DateTimeOffset until)
    {
        bool isDay = DateTimeOffset.TryParseExact(
            text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
            out DateTimeOffset day);
        until = isDay ? day + Day : until;
        return isDay;
    }

    private static DayCounts Count(string journal, DateTimeOffset until)
    {
        DayCounts counts = new();
        try
        {
            using JournalSearch search = new(journal, until - Day - Day, until);
            foreach (JournalEntry entry in search.All().Where(entry => entry.Time < until))
            {
                counts.Add(entry, isNow: entry.Time >= until - Day);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(e.Message, e);
        }

        return counts;
    }

    private static string Text(IEnumerable<DayLine> lines)
    {
        StringBuilder text = new();
        foreach (IGrouping<DayKind, DayLine> kind in lines.GroupBy(line => line.Kind))
        {
            DayLine[] ordered =
                [.. kind.OrderByDescending(line => Math.Max(line.Now, line.Before))];
            foreach (DayLine line in ordered.Take(LinesOfKindMax))
            {
                text.Append(CultureInfo.InvariantCulture, $"{line}\n");
            }

            int more = ordered.Length - LinesOfKindMax;
            text.Append(more > 0 ? $"{kind.Key.Name}: {more} more lines\n" : "");
        }

        return text.ToString();
    }

    // All lines as JSON in ASCII.
    private static byte[] Json(IEnumerable<DayLine> lines)
    {
        MemoryStream bytes = new();
        using (Utf8JsonWriter json = new(bytes, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartArray();
            foreach (DayLine line in lines)
            {
                json.WriteStartObject();
                json.WriteString("what", line.Kind.Name);
                json.WriteString("name", line.Name);
                json.WriteNumber("before", line.Before);
                json.WriteNumber("now", line.Now);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        bytes.WriteByte((byte)'\n');
        return bytes.ToArray();
    }

    private static int Say(int descriptor, string text, int code)
    {
        Fd.WriteAll(descriptor, Encoding.UTF8.GetBytes(text));
        return code;
    }
}

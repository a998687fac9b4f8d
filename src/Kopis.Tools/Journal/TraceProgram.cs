using System.Text;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.Journal;

/// <summary><c>kopis trace</c>: tells from the journal what became of messages (kopis-trace(1)).
/// </summary>
public static class TraceProgram
{
    private const int NothingFound = 1;

    private const string Usage = """
        usage: kopis trace [--since TIME] [--until TIME] [--limit N] [--json] [--follow] WHAT...

        Tells what became of messages, from the journal. WHAT is an address, a message number, a
        Message-ID in angle brackets, a client's IP address, --id MESSAGE-ID or --qp N; of several
        all must be of a message. TIME is 15:30, 2026-11-30, "2026-11-30 15:30", or 2h ago: s, m,
        h and d. Without WHAT, --since tells all since then. The last 20 messages are told, or as
        --limit says. --json prints the records, --follow goes on with what comes.
        Exit status: 0 found, 1 nothing found, 100 bad usage, 111 the journal cannot be read.

        """;

    /// <summary>Runs it.</summary>
    public static int Run(ProgramContext context)
    {
        string[] words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        if (words is ["--help"] or ["-h"])
        {
            Print(Usage);
            return ExitCode.Success;
        }

        if (TraceOptions.Parse(words, DateTimeOffset.UtcNow) is not { } options)
        {
            Fd.WriteAll(2, Encoding.UTF8.GetBytes(Usage));
            return ExitCode.Permanent;
        }

        string journal = context.In("journal");
        OwnerWork.GoOnAsOwnerOf(journal, context);
        try
        {
            return Run(journal, options);
        }
        catch (Exception e) when (
            e is (IOException and not PosixException { IsOutputClosed: true })
                or UnauthorizedAccessException)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    private static int Run(string journal, TraceOptions options)
    {
        using JournalSearch search = new(journal, options.Since, options.Until);
        TraceStories stories = new(search, options);
        JournalTail? tail = options.Follows ? new JournalTail(journal) : null;
        int found = 0;
        HashSet<ulong> told = [];
        foreach (TracedMessage message in
            options.Wanted.Count > 0 || options.Since > DateTimeOffset.MinValue
                ? stories.Gather() : [])
        {
            Tell(message, stories, options, isFirst: found++ == 0);
            told.Add(message.Number);
        }

        tail?.Run(options, told, entry => TellOne(entry, stories, options));
        return found > 0 ? ExitCode.Success : NothingFound;
    }

    private static void Tell(
        TracedMessage message, TraceStories stories, TraceOptions options, bool isFirst)
    {
        if (!options.IsJson)
        {
            Print((isFirst ? "" : "\n") + TraceText.Title(message.Number, message.Entries) + "\n");
        }

        foreach ((JournalEntry entry, string? more) in message.Told())
        {
            if (more is null)
            {
                TellOne(entry, stories, options);
            }
            else if (!options.IsJson)
            {
                Print($"  {more}\n");
            }
        }

        if (!options.IsJson && message.Entries.FirstOrDefault(
            entry => entry.Child == message.Number) is { } parent)
        {
            Print($"  it is the {parent.Kind} of message {parent.Message}\n");
        }
    }

    private static void TellOne(JournalEntry entry, TraceStories stories, TraceOptions options)
    {
        if (options.IsJson)
        {
            Fd.WriteAll(1, [.. entry.Line, (byte)'\n']);
            return;
        }

        List<ulong> forwards = [];
        foreach (string qp in entry.All("fwd"))
        {
            if (stories.ForwardedAs(entry, qp) is { } number)
            {
                forwards.Add(number);
            }
        }

        DateTimeOffset time = entry.Time.ToOffset(LocalTime.OffsetAt(entry.Time));
        Print($"  {TraceText.Line(entry, time, forwards)}\n");
    }

    private static void Print(string text) => Fd.WriteAll(1, Encoding.UTF8.GetBytes(text));
}

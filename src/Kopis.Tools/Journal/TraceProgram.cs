using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.Journal;

/// <summary><c>kopis trace</c>: prints from the journal what happened to messages (kopis-trace(1)).
/// </summary>
public static class TraceProgram
{
    private const int NothingFound = 1;

    private const string Usage = """
        usage: kopis trace [--since TIME] [--until TIME] [--limit N] [--json] [--follow] WHAT...

        Prints what became of messages, from the journal. WHAT is an address, a message number, a
        Message-ID in angle brackets, a client's IP address, --id MESSAGE-ID or --qp N; of several
        all must be of a message. TIME is 15:30, 2026-11-30, "2026-11-30 15:30", or 2h ago: s, m,
        h and d. Without WHAT, --since prints all since then. The last 20 messages are printed, or
        as --limit says. --json prints the records, --follow goes on with what comes.
        Exit status: 0 found, 1 nothing found, 100 bad usage, 111 the journal cannot be read.

        """;

    /// <summary>Runs the program.</summary>
    public static int Run(ProgramContext context) =>
        JournalCommand.Run(context, Usage, TraceOptions.Parse, Run);

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
            JournalCommand.Print((isFirst ? "" : "\n")
                + TraceText.Title(message.Number, message.Entries) + "\n");
        }

        foreach ((JournalEntry entry, string? more) in message.Told())
        {
            if (more is null)
            {
                TellOne(entry, stories, options);
            }
            else if (!options.IsJson)
            {
                JournalCommand.Print($"  {more}\n");
            }
        }

        if (!options.IsJson && message.Entries.FirstOrDefault(
            entry => entry.Child == message.Number) is { } parent)
        {
            JournalCommand.Print($"  it is the {parent.Kind} of message {parent.Message}\n");
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
        JournalCommand.Print($"  {TraceText.Line(entry, time, forwards)}\n");
    }
}

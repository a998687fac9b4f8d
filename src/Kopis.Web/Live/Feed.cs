using Kopis.Base;
using Kopis.Posix;
using Kopis.Tools.Journal;

namespace Kopis.Web.Live;

/// <summary>Live data for all pages. It reads the journal every second and asks qmail-send every
/// five seconds.</summary>
/// <param name="journal">The directory of the journal.</param>
/// <param name="writer">Reports whether the journal is written.</param>
/// <param name="send">Asks qmail-send.</param>
/// <param name="clock">The clock.</param>
internal sealed class Feed(
    string journal, JournalWriter writer, SendClient send, TimeProvider clock)
{
    private static readonly TimeSpan JournalPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan QueuePause = TimeSpan.FromSeconds(Rates.StepSeconds);

    // While qmail-send answers slowly about a long queue, the questions of pages wait behind ours;
    // so we pause in proportion.
    private const int QuietShare = 4;

    private readonly QueueLevels _levels = new();
    private JournalTail? _tail;
    private string? _readFault = "it has not been read yet";
    private string? _writerFault = "qmail-journal has not been asked yet";

    /// <summary>Counts of events, by kind.</summary>
    internal Rates Rates { get; } = new();

    /// <summary>Counts of refusals, by check.</summary>
    internal Refusals Refusals { get; } = new();

    /// <summary>Why the journal is not read or not written; null if it is.</summary>
    internal string? JournalFault => _readFault ?? _writerFault;

    /// <summary>Why qmail-send does not answer; null if it does.</summary>
    internal string? SendFault { get; private set; } = "it has not been asked yet";

    /// <summary>The latest state of the queue.</summary>
    internal QueueLevel Level => _levels.Last;

    /// <summary>The number of messages in the queue at each whole step of the plot.</summary>
    internal long[] Levels(DateTimeOffset now) => _levels.Of(now);

    /// <summary>Reads and asks until the token is cancelled.</summary>
    internal void Start(CancellationToken stop)
    {
        foreach ((TimeSpan pause, Func<Task> action) in ((TimeSpan, Func<Task>)[])
            [(JournalPause, ReadAsync), (QueuePause, AskWriterAsync),
            (QueuePause, () => AskAsync(stop))])
        {
            ErrorLog.Watch(Task.Run(
                () => RepeatAsync(pause, action, stop), CancellationToken.None));
        }
    }

    private async Task RepeatAsync(
        TimeSpan pause, Func<Task> action, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                long began = clock.GetTimestamp();
                await action();
                TimeSpan quiet = clock.GetElapsedTime(began) * QuietShare;
                await Task.Delay(quiet > pause ? quiet : pause, clock, stop);
            }
        }
        catch (OperationCanceledException)
        {
            // The dashboard is stopping.
        }
    }

    private Task ReadAsync()
    {
        try
        {
            _tail ??= new JournalTail(journal, withLast: true);
            _tail.ReadNew(Count);
            _readFault = null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _readFault = e.Message;
        }

        return Task.CompletedTask;
    }

    private Task AskWriterAsync()
    {
        _writerFault = writer.Fault();
        return Task.CompletedTask;
    }

    private void Count(JournalEntry entry)
    {
        switch (entry.Kind)
        {
            case "new":
                Add(Rate.Received, entry.Time);
                break;
            case "attempt":
                Add(
                    entry["verdict"] switch
                    {
                        "success" => Rate.Delivered,
                        "failure" => Rate.Failed,
                        _ => Rate.Deferred,
                    },
                    entry.Time);
                break;
            case "refuse":
                Add(Rate.Refused, entry.Time);
                Refusals.Add(entry);
                break;
            default:
                break;
        }
    }

    // Users' programs write records too, which may carry any time.
    private void Add(Rate rate, DateTimeOffset time)
    {
        if ((clock.GetUtcNow() - time).Duration() <= Rates.Length)
        {
            Rates.Add(rate, time);
        }
    }

    private async Task AskAsync(CancellationToken stop)
    {
        try
        {
            _levels.Add(clock.GetUtcNow(), QueueLevel.Of(await send.SummaryAsync(stop)));
            SendFault = null;
        }
        catch (ConfigurationException e)
        {
            SendFault = e.Message;
        }
    }
}

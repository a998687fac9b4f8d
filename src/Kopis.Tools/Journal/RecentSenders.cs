namespace Kopis.Tools.Journal;

/// <summary>The senders with the most mail in the last minutes, for a screen that is redrawn again
/// and again.</summary>
public sealed class RecentSenders
{
    private const int MailsMax = 100_000;
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private readonly TimeProvider _time;
    private readonly SenderKey _key;
    private readonly JournalTail _tail;
    private readonly Queue<SentMail> _mails = new();

    /// <summary>Reads the records of the period.</summary>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public RecentSenders(string directory, SenderKey key, TimeProvider time)
    {
        (_time, _key) = (time, key);
        using JournalSearch search = new(
            directory, time.GetUtcNow() - Window, DateTimeOffset.MaxValue);
        (string file, long place) = search.ForEach(SenderTable.Kinds, Add);
        _tail = new JournalTail(directory, file, place);
    }

    /// <summary>The first senders at this time.</summary>
    public IReadOnlyList<SenderRow> Top(int count)
    {
        try
        {
            _tail.ReadNew(Add);
        }
        catch (IOException)
        {
            // Shows what is known; kopis health reports whether the journal is being written.
        }

        DateTimeOffset oldest = _time.GetUtcNow() - Window;
        while (_mails.TryPeek(out SentMail first) && first.Time < oldest)
        {
            _mails.Dequeue();
        }

        SenderTable table = new(_key);
        foreach (SentMail mail in _mails)
        {
            table.Add(mail);
        }

        return table.Top(count, static row => row.Messages);
    }

    private void Add(JournalEntry entry)
    {
        if (!SenderTable.Kinds.Contains(entry.Kind) || SentMail.Of(entry, _key) is not { } mail)
        {
            return;
        }

        _mails.Enqueue(mail);
        if (_mails.Count > MailsMax)
        {
            _mails.Dequeue();
        }
    }
}

namespace Kopis.Mail.Authentication;

/// <summary>Parsed TXT records, kept from one message to the next. A record is found by its text,
/// so only DNS decides how long it is valid. Those unused for longest are removed first; there are
/// two generations for that. May be used from many threads.</summary>
/// <param name="read">Parses a text; null if it is not a record of the kind, which is kept as well.
/// </param>
/// <param name="textMax">The most characters; a longer text is not a record.</param>
/// <param name="halfMax">The most records in each generation.</param>
public sealed class RecordCache<T>(Func<string, T?> read, int textMax, int halfMax = 128)
    where T : class
{
    private readonly Lock _gate = new();
    private Dictionary<string, T?> _recent = [];
    private Dictionary<string, T?> _old = [];

    /// <summary>The number of records that are kept.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _recent.Count + _old.Count;
            }
        }
    }

    /// <summary>The record for a text, parsed now or earlier; null if it is not one.</summary>
    public T? Find(string text)
    {
        if (text.Length > textMax)
        {
            return null;
        }

        lock (_gate)
        {
            if (_recent.TryGetValue(text, out T? known))
            {
                return known;
            }

            if (_old.Remove(text, out known))
            {
                Keep(text, known);
                return known;
            }
        }

        T? record = read(text);
        lock (_gate)
        {
            Keep(text, record);
        }

        return record;
    }

    // A user of a removed record can still use it, since nothing is disposed of.
    private void Keep(string text, T? record)
    {
        if (_recent.Count >= halfMax)
        {
            (_old, _recent) = (_recent, []);
        }

        _recent[text] = record;
    }
}

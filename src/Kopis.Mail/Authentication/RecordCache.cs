namespace Kopis.Mail.Authentication;

/// <summary>
/// TXT records as they were read, kept from one message to the next. A record is found by its text,
/// so that DNS alone decides how long one counts. What was not used for longest is forgotten first,
/// in two halves. May be used from many threads.
/// </summary>
/// <param name="read">Reads a text; null for one that is no record of its kind, which is kept
/// too.</param>
/// <param name="textMax">Longer texts are no records, in characters.</param>
/// <param name="halfMax">How many records each half has at most.</param>
public sealed class RecordCache<T>(Func<string, T?> read, int textMax, int halfMax = 128)
    where T : class
{
    private readonly Lock _gate = new();
    private Dictionary<string, T?> _recent = [];
    private Dictionary<string, T?> _old = [];

    /// <summary>How many records are kept.</summary>
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

    /// <summary>A record, read now or before; null if it is none.</summary>
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

    // Who still uses a forgotten record goes on: nothing is disposed of.
    private void Keep(string text, T? record)
    {
        if (_recent.Count >= halfMax)
        {
            (_old, _recent) = (_recent, []);
        }

        _recent[text] = record;
    }
}

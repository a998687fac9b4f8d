namespace Kopis.Mail.Authentication.Dkim;

/// <summary>
/// Public RSA keys as OpenSSL has them, kept from one message to the next: to load one costs many
/// times what it costs to check a signature with it. What was not used for longest is forgotten
/// first, in two halves. May be used from many threads.
/// </summary>
/// <param name="halfMax">How many keys each half has at most.</param>
public sealed class RsaKeys(int halfMax = 128)
{
    private readonly Lock _gate = new();
    private Dictionary<string, RsaKey> _recent = [];
    private Dictionary<string, RsaKey> _old = [];

    /// <summary>How many keys are kept.</summary>
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

    /// <summary>The key of a record, loaded now or before.</summary>
    public RsaKey Find(DkimKeyRecord record)
    {
        string name = Convert.ToBase64String(record.Key);
        lock (_gate)
        {
            if (_recent.TryGetValue(name, out RsaKey? known))
            {
                return known;
            }

            if (_old.Remove(name, out known))
            {
                Keep(name, known);
                return known;
            }
        }

        RsaKey loaded = new(record.LoadRsa(out string fault), fault);
        lock (_gate)
        {
            Keep(name, loaded);
        }

        return loaded;
    }

    // Who still checks with a forgotten key goes on: nothing is disposed of.
    private void Keep(string name, RsaKey key)
    {
        if (_recent.Count >= halfMax)
        {
            (_old, _recent) = (_recent, []);
        }

        _recent[name] = key;
    }
}

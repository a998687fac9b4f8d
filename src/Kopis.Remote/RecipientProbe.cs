namespace Kopis.Remote;

/// <summary>
/// Finds out, in the transactions of one message, how many recipients a server takes in one. That
/// it refused all behind the first some is not enough: their mailboxes may be full. That it takes
/// one of them in a later transaction proves it. Pure.
/// </summary>
/// <param name="recipients">Recipients of the message.</param>
internal sealed class RecipientProbe(int recipients)
{
    private readonly bool[] _wereTooMany = new bool[recipients];

    /// <summary>Recipients of the next transactions.</summary>
    internal int Most { get; private set; } = int.MaxValue;

    /// <summary>The server's limit; 0: none is known.</summary>
    internal int Known { get; private set; }

    /// <summary>A transaction is over.</summary>
    /// <param name="places">Its recipients, as places in the message.</param>
    /// <param name="result">What it came to.</param>
    internal void Note(ReadOnlySpan<int> places, TransactionResult result)
    {
        for (int i = 0; i < places.Length && i < result.Report.Recipients.Count; i++)
        {
            if (_wereTooMany[places[i]] && result.Report.Recipients[i].Letter == 'r')
            {
                Known = Most;
            }
        }

        if (result.HasNoRoom && Known == 0)
        {
            Most = int.MaxValue; // It was something else.
        }

        if (result.Limit == 0)
        {
            return;
        }

        Most = Math.Min(Most, result.Limit);
        foreach (int place in result.Later)
        {
            _wereTooMany[places[place]] = true;
        }
    }
}

namespace Kopis.Remote;

/// <summary>
/// Finds out from the transactions of one message how many recipients a server accepts in one. It
/// is not enough that it refused all after the first few: their mailboxes may be full. If it
/// accepts one of those in a later transaction, the limit is proved. Pure.
/// </summary>
/// <param name="recipients">Recipients of the message.</param>
internal sealed class RecipientProbe(int recipients)
{
    private readonly bool[] _wereTooMany = new bool[recipients];

    /// <summary>The most recipients for the next transactions.</summary>
    internal int Most { get; private set; } = int.MaxValue;

    /// <summary>The server's limit; 0 if none is known.</summary>
    internal int Known { get; private set; }

    /// <summary>Evaluates a transaction.</summary>
    /// <param name="places">Its recipients, as places in the message.</param>
    /// <param name="result">The result of the transaction.</param>
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
            Most = int.MaxValue; // It was not a limit.
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

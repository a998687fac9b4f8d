namespace Kopis.Remote;

/// <summary>Delivers to each recipient in a transaction of its own, after a transaction with
/// several has failed. One transaction follows another while that is quick. If the server is slow,
/// more connections are used, so that no recipient waits for another's reply.</summary>
/// <param name="mail">The message for all recipients.</param>
/// <param name="route">Their destination.</param>
/// <param name="pool">Idle connections.</param>
/// <param name="clock">The clock.</param>
/// <param name="verdicts">The result for each recipient; set for those that are delivered to here.
/// </param>
internal sealed class LoneDeliveries(
    RemoteMail mail, RemoteRoute route, LinkPool pool, TimeProvider clock,
    (RemoteReport Report, int Place)[] verdicts)
{
    /// <summary>How many connections one message may use at once: half of the default of
    /// control/concurrencyremote.</summary>
    private const int ConnectionsMax = 10;

    /// <summary>After this long, another connection is opened besides the one that is in use.
    /// </summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Queue<int> _waiting = new();
    private int _active;
    private int _done;

    // The other connections go on.
    private bool IsAlone
    {
        get
        {
            lock (_lock)
            {
                return _active == 1;
            }
        }
    }

    private bool HasWaiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count > 0;
            }
        }
    }

    /// <summary>Delivers to all these recipients.</summary>
    /// <param name="recipients">Their places in the mail.</param>
    /// <param name="stop">Ends the wait.</param>
    internal async Task RunAsync(IEnumerable<int> recipients, CancellationToken stop)
    {
        foreach (int recipient in recipients)
        {
            _waiting.Enqueue(recipient);
        }

        List<Task<bool>> running = [];
        try
        {
            await RunAsync(running, stop);
        }
        finally
        {
            // If one crashes, others still run and read the message, which must not be closed
            // before they end.
            lock (_lock)
            {
                _waiting.Clear();
            }

            await Task.WhenAll((IEnumerable<Task>)running).ConfigureAwait(
                ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunAsync(List<Task<bool>> running, CancellationToken stop)
    {
        int most = ConnectionsMax;
        bool makesProgress = false;
        while (running.Count > 0 || HasWaiting)
        {
            if (!makesProgress && running.Count < most && HasWaiting)
            {
                running.Add(WorkAsync(stop));
            }

            int done = Volatile.Read(ref _done);
            Task patience = Task.Delay(Patience, clock, stop);
            Task first = await Task.WhenAny([.. running, patience]);
            makesProgress = Volatile.Read(ref _done) > done && running.Count > 0;
            if (first is Task<bool> worker)
            {
                running.Remove(worker);
                most = await worker ? most : Math.Max(1, running.Count);
                makesProgress &= running.Count > 0;
            }
        }
    }

    /// <summary>Serves one waiting recipient after another.</summary>
    /// <returns>False if no connection besides the others can be opened.</returns>
    private async Task<bool> WorkAsync(CancellationToken stop)
    {
        lock (_lock)
        {
            _active++;
        }

        await using LinkUser user = new(mail, route, pool, mayWait: () => IsAlone);
        while (TryTake(out int recipient))
        {
            SendPart part = await user.SendAsync(new[] { recipient }, stop);
            if (!part.HadSession && LeaveToOthers(recipient))
            {
                return false;
            }

            Note(recipient, part);
        }

        lock (_lock)
        {
            _active--;
        }

        return true;
    }

    private bool TryTake(out int recipient)
    {
        lock (_lock)
        {
            return _waiting.TryDequeue(out recipient);
        }
    }

    private bool LeaveToOthers(int recipient)
    {
        lock (_lock)
        {
            if (_active == 1)
            {
                return false;
            }

            _active--;
            _waiting.Enqueue(recipient);
            return true;
        }
    }

    /// <summary>Notes a result. If the destination has no server, that holds for all recipients.
    /// </summary>
    private void Note(int recipient, SendPart part)
    {
        lock (_lock)
        {
            _done++;
            verdicts[recipient] = (part.Result.Report, 0);
            while (!part.HadSession && _waiting.TryDequeue(out int other))
            {
                verdicts[other] = (part.Result.Report, 0);
            }
        }
    }
}

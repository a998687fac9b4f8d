namespace Kopis.Remote;

/// <summary>Runs transactions one after another: on one connection while it lasts, then on one from
/// the pool, else on a new one.</summary>
internal sealed class LinkUser(
    RemoteMail mail, RemoteRoute route, LinkPool pool, Func<bool>? mayWait = null)
    : IAsyncDisposable
{
    private SmtpLink? _link;

    /// <summary>The destination of the last transaction; empty before the first.</summary>
    internal string Destination { get; private set; } = "";

    /// <summary>The most recipients of a transaction, for this message.</summary>
    internal int RecipientsMost { get; set; } = int.MaxValue;

    /// <summary>If more recipients were given than a transaction may have at the destination, how
    /// many it may have; else <see cref="int.MaxValue"/>.</summary>
    internal int CutAt { get; private set; } = int.MaxValue;

    /// <summary>Runs a transaction for recipients, or for as many of them as the server accepts. If
    /// it ends before a reply about them, it tries the next address.</summary>
    internal async Task<SendPart> SendAsync(ReadOnlyMemory<int> recipients, CancellationToken stop)
    {
        AddressWalk walk = new(route.Best);
        SendPart? before = null;
        SendPart? left = null; // The result at the first server that was left for another.
        bool mayReuse = true;
        while (true)
        {
            SmtpLink? link = (mayReuse ? await AcquireAsync() : null)
                ?? await route.OpenAsync(walk, mayReuse, mayWait?.Invoke() ?? true, stop);
            if (link is null)
            {
                return left ?? before ?? new SendPart(
                    recipients.Length,
                    new TransactionResult(TransactionEnd.NoSession, walk.Failure, []),
                    HadSession: false);
            }

            int count = CountFor(link, recipients.Length);
            TransactionResult result = await RunAsync(
                link, mail.For(recipients.Span[..count]), stop);
            if (result.End is TransactionEnd.Stale or TransactionEnd.NoSession)
            {
                mayReuse = false;
                link.Dispose();
                if (result.End == TransactionEnd.NoSession)
                {
                    before = new SendPart(count, result, HadSession: true);

                    // A reply to MAIL is about the sender, so it is not held against the address.
                    walk.IsForRecipients |= result.MayBeRecipients;
                    walk.NoteEnd(link.EndPoint);
                }

                continue;
            }

            if (result.Later.Count == 0 && !link.IsLmtp
                && result.End is (TransactionEnd.Reported or TransactionEnd.Refused)
                && route.WantsNext(result.Report, count))
            {
                mayReuse = false;
                left ??= new SendPart(count, result, HadSession: true);
                walk.Leave(link.Server);
                walk.IsForRecipients = true; // This says nothing about its address.
                await pool.ReturnAsync(link);
                continue;
            }

            Keep(link, result);
            return new SendPart(count, result, HadSession: true);
        }
    }

    /// <summary>Returns the connection to the pool.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_link is not null)
        {
            await pool.ReturnAsync(_link);
        }
    }

    /// <summary>How many of the recipients may go in one transaction.</summary>
    private int CountFor(SmtpLink link, int recipients)
    {
        Destination = link.Destination;
        int theirs = Math.Min(
            route.RecipientLimits.Find(link.Destination),
            link.Offers.RecipientsMax is > 0 and int said ? said : int.MaxValue);
        CutAt = recipients > theirs ? Math.Min(CutAt, theirs) : CutAt;
        return Math.Min(
            Math.Min(recipients, link.Rule.Recipients), Math.Min(theirs, RecipientsMost));
    }

    /// <summary>Runs a transaction. If it throws, its place at the destination is freed as well.
    /// </summary>
    private async Task<TransactionResult> RunAsync(
        SmtpLink link, RemoteMail part, CancellationToken stop)
    {
        try
        {
            return link.IsQmtp
                ? await new QmtpTransaction(link, part, route.QmtpHosts).RunAsync(stop)
                : await new ClientTransaction(link, part).RunAsync(stop);
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    private async ValueTask<SmtpLink?> AcquireAsync()
    {
        if (_link is { } held)
        {
            _link = null;
            if (pool.CanGoOn(held) && route.Fits(held))
            {
                return held;
            }

            await pool.ReturnAsync(held);
        }

        return pool.Acquire(route.Key, route.Fits);
    }

    private void Keep(SmtpLink link, TransactionResult result)
    {
        if (result.End == TransactionEnd.Broken)
        {
            link.Dispose(); // No QUIT: the server may be reading a message.
        }
        else
        {
            _link = link;
        }
    }
}

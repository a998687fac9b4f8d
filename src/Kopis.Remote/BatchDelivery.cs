namespace Kopis.Remote;

/// <summary>Delivers one message to recipients at one host, in as many transactions as the server
/// requires. The reply about one recipient never decides about another. Recipients over a
/// transaction's limit go into the next one. If a transaction with several recipients fails, each
/// recipient is at once tried alone.</summary>
internal sealed class BatchDelivery(
    RemoteMail mail, RemoteRoute route, LinkPool pool, TimeProvider clock)
{
    /// <summary>How many transactions of several recipients may fail before each recipient is tried
    /// alone.</summary>
    private const int BrokenMax = 2;

    /// <summary>After this many transactions in a row in which the server had no room for any
    /// recipient, the others wait for the next attempt.</summary>
    private const int FullMax = 2;

    private readonly (RemoteReport Report, int Place)[] _verdicts =
        new (RemoteReport, int)[mail.Recipients.Count];

    private readonly RecipientProbe _probe = new(mail.Recipients.Count);
    private readonly Queue<Group> _groups = new();
    private readonly List<int> _alone = [];
    private int _broken;
    private int _full;

    /// <summary>Runs the delivery.</summary>
    internal async Task<RemoteReport> RunAsync(CancellationToken stop)
    {
        _groups.Enqueue(new Group([.. Enumerable.Range(0, mail.Recipients.Count)], false));
        int most;
        await using (LinkUser user = new(mail, route, pool))
        {
            while (_groups.TryDequeue(out Group? group))
            {
                user.RecipientsMost = _probe.Most;
                SendPart part = await user.SendAsync(group.Recipients, stop);
                Learn(group.Recipients.AsSpan(..part.Count), part.Result, user.Destination);
                Requeue(group, group.Recipients[part.Count..]);
                Settle(group with { Recipients = group.Recipients[..part.Count] }, part.Result);
                _full = part.Result.SaysNoRoom ? _full + 1 : 0;
                if (_full == FullMax)
                {
                    LeaveOthers();
                }
            }

            most = _probe.Known > 0 ? Math.Min(_probe.Known, user.CutAt) : user.CutAt;
        }

        if (_alone.Count > 0)
        {
            await new LoneDeliveries(mail, route, pool, clock, _verdicts).RunAsync(_alone, stop);
        }

        RemoteReport report = RemoteReport.Join(_verdicts);
        report.RecipientsMost = most < mail.Recipients.Count ? most : 0;
        return report;
    }

    /// <summary>Remembers how many recipients of a transaction the destination accepts.</summary>
    private void Learn(ReadOnlySpan<int> places, TransactionResult result, string destination)
    {
        int before = _probe.Known;
        _probe.Note(places, result);
        if (_probe.Known != before)
        {
            route.RecipientLimits.Note(destination, _probe.Known);
        }
    }

    /// <summary>Defers the remaining recipients, whatever the server said about earlier ones, or
    /// about these as too many.</summary>
    private void LeaveOthers()
    {
        RemoteReport later = RemoteReport.Of(
            'Z', "The server takes no more recipients of this message now. (#4.5.3)\n");
        while (_groups.TryDequeue(out Group? group))
        {
            foreach (int place in group.Recipients)
            {
                _verdicts[place] = (later, 0);
            }
        }
    }

    private void Requeue(Group group, int[] recipients)
    {
        if (recipients.Length > 0)
        {
            _groups.Enqueue(group with { Recipients = recipients });
        }
    }

    /// <summary>Records the result of each recipient, and what to try for the others.
    /// </summary>
    private void Settle(Group group, TransactionResult result)
    {
        int[] recipients = group.Recipients;
        bool isFinal = recipients.Length == 1 || result.End == TransactionEnd.Reported
            || (result.End == TransactionEnd.NoSession && !result.MayBeRecipients);
        Open open = new();
        for (int i = 0; i < recipients.Length; i++)
        {
            _verdicts[recipients[i]] = (result.Report, i); // Until there is a better result.
            List<int>? list = result.Later.Contains(i) ? open.Later
                : isFinal ? null
                : result.End != TransactionEnd.Refused && i == result.Culprit ? open.Suspects
                : i >= result.Report.Recipients.Count ? open.Unanswered
                : result.Report.Recipients[i].Letter == 'r' ? open.Accepted
                : null;
            list?.Add(recipients[i]);
        }

        GoOn(group, result, open);
    }

    private void GoOn(Group group, TransactionResult result, Open open)
    {
        bool isBroken = result.End == TransactionEnd.Broken;
        bool isOver = result.End == TransactionEnd.NoSession
            || (isBroken && !result.IsAtMessage
                && (++_broken > BrokenMax || result.IsTimeout || group.IsProven
                    || open.Accepted.Count == 0));
        if (isOver)
        {
            _alone.AddRange(
                [.. open.Accepted, .. open.Later, .. open.Unanswered, .. open.Suspects]);
            return;
        }

        if (isBroken && !result.IsAtMessage)
        {
            _groups.Enqueue(new Group([.. open.Accepted], IsProven: true));
        }
        else
        {
            _alone.AddRange(open.Accepted); // The message was refused for any of them.
        }

        Requeue(group with { IsProven = false }, [.. open.Later, .. open.Unanswered]);
        _alone.AddRange(open.Suspects);
    }

    /// <summary>The recipients of a transaction that have no final result.</summary>
    private sealed class Open
    {
        internal List<int> Accepted { get; } = [];

        internal List<int> Later { get; } = [];

        internal List<int> Unanswered { get; } = [];

        /// <summary>Recipients that may have caused the failure.</summary>
        internal List<int> Suspects { get; } = [];
    }

    /// <param name="Recipients">Their places in the mail.</param>
    /// <param name="IsProven">Whether the server has accepted each of them once.</param>
    private sealed record Group(int[] Recipients, bool IsProven);
}

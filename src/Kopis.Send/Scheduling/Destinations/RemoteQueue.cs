namespace Kopis.Send.Scheduling.Destinations;

/// <summary>
/// Remote recipients that are due, by destination, and which of them is next (docs/SENDING.md).
/// Pure: time comes in as Unix milliseconds. A message is known by its pass, a recipient by its
/// index; addresses are read when recipients come in, and not kept.
/// </summary>
/// <param name="slots">Deliveries at once.</param>
/// <param name="asks">Whether qmail-rspawn is asked for destinations; if not, each domain is a
/// destination.</param>
/// <param name="limitsOf">The rules for a destination's name.</param>
internal sealed class RemoteQueue(
    int slots, bool asks, Func<string, DestinationLimits> limitsOf)
{
    /// <summary>A message with more recipients than this is a list.</summary>
    internal const int SingleMost = 10;

    private const int StepsMax = 256;
    private const int LooksMax = 16;
    private const int MissedMax = 10_000;
    private const long OwnDestinationHolds = 600_000;

    private readonly SlotShares _slots = new(slots);
    private readonly DomainTable _domains = new();
    private readonly DestinationTable _destinations = new(limitsOf);
    private readonly ClassRing _single = new(isList: false);
    private readonly ClassRing _lists = new(isList: true);
    private readonly PriorityQueue<Destination, long> _timers = new();
    private readonly SlotWaits _waits = new();
    private int _turn;
    private bool _hasMore;

    /// <summary>All destinations in memory.</summary>
    internal IReadOnlyCollection<Destination> Destinations => _destinations.All;

    /// <summary>The time, in Unix milliseconds.</summary>
    internal long Now { get; private set; }

    /// <summary>Recipients that wait here, in all.</summary>
    internal int Waiting { get; private set; }

    /// <summary>Whether a delivery may start now.</summary>
    internal bool HasReady => _slots.Free > 0 && (_hasMore || HasReadyLane);

    private bool HasReadyLane => _single.HasReady || (_lists.HasReady && _slots.HasForLists);

    /// <summary>Recipients that are put off.</summary>
    internal PutOffs PutOffs { get; } = new();

    internal bool HasQuestion => _domains.HasQuestion;

    /// <summary>When the next timer fires; null if there is none.</summary>
    internal long? WakeAt =>
        _timers.TryPeek(out _, out long at) && !(_domains.TimeoutAt < at)
            ? at : _domains.TimeoutAt;

    internal Destination? Find(string name) => _destinations.Find(name);

    /// <summary>The destination of a name, which is added if it is new.</summary>
    internal Destination Known(string name) => _destinations.Known(name);

    /// <inheritdoc cref="DestinationTable.Named"/>
    internal Destination? Named(string name, bool isGuest) => _destinations.Named(name, isGuest);

    /// <summary>The destination of an address's mail; null if it is not known yet.</summary>
    internal Destination? DestinationOf(
        ReadOnlySpan<byte> address, ReadOnlySpan<byte> sender, byte[]? route) =>
        _domains.TryFind(RemoteAddress.Domain(address, route), sender)?.Destination;

    /// <summary>Sets the time: ends pauses that are over, and gives up questions without an answer.
    /// </summary>
    internal void Tick(long now)
    {
        Now = now;
        while (_timers.TryPeek(out Destination? destination, out long at) && at <= now)
        {
            _timers.Dequeue();
            if (destination.TimerAt == at)
            {
                destination.TimerAt = 0;
                Wake(destination);
            }
        }

        while (_domains.CloseOverdue(now) is { } entry)
        {
            Resolve(entry, entry.OwnName, now + OwnDestinationHolds);
        }

        _destinations.Sweep(now);
    }

    /// <summary>Adds a recipient. It may start after <see cref="Release"/> of its pass, or with
    /// others of the pass at its domain that were released before.</summary>
    internal void Park(
        Pass pass, int recipient, ReadOnlySpan<byte> address, bool isAlone, byte[]? route = null)
    {
        DomainEntry entry =
            _domains.Find(RemoteAddress.Domain(address, route), pass.Message.Sender);
        Share? share = null;
        if (route is not null || !pass.Shares.TryGet(entry, isAlone, out share)
            || !share.MayGrow(Now))
        {
            share = new Share(pass, entry, isAlone || route is not null) { Route = route };
            pass.Shares.Add(share);
        }

        share.Add(recipient);
        pass.Parked++;
        Waiting++;
    }

    /// <summary>Lets the added recipients of a pass start.</summary>
    internal void Release(Pass pass)
    {
        foreach (Share share in pass.Shares.DequeueNew(areLast: pass.AllOrdered))
        {
            Route(share);
        }
    }

    /// <summary>The next delivery to start; null if none may.</summary>
    internal Start? Next()
    {
        if (_slots.Free <= 0)
        {
            return null;
        }

        bool listFirst = ++_turn % LaneLists.ListTurn == 0;
        for (int i = 0; i < LooksMax; i++)
        {
            Start? start = NextOf(listFirst ? _lists : _single)
                ?? NextOf(listFirst ? _single : _lists);
            _hasMore = start is null && (HasReadyLane || WakeOthers());
            if (!_hasMore)
            {
                return start;
            }
        }

        return null;
    }

    /// <summary>Undoes a start whose delivery did not begin.</summary>
    internal void Cancel(Start start)
    {
        start.Destination.Cancel();
        _slots.End(start);
        Wake(start.Destination);
        WakeOthers();
    }

    /// <summary>Ends a start: its delivery is reported.</summary>
    internal void End(Start start, AttemptResult result, long startedAt)
    {
        Destination destination = start.Destination;
        _slots.End(start);
        bool wasDead = destination.Health == DestinationHealth.Dead;
        bool isBack = destination.End(result.Kind, startedAt, result.Text, Now);
        if (!wasDead)
        {
            destination.Blocked.ForEach(PutOffs.AddLast);
        }

        result.ApplyTo(destination, start.Recipients.Length, Now);
        if (isBack)
        {
            destination.DequeueMissed().ForEach(OnDue);
        }
        else if (destination.Health != DestinationHealth.Up && result.IsDeferral)
        {
            destination.Miss(start.Pass, MissedMax);
        }

        Wake(destination);
        WakeOthers();
    }

    /// <summary>Called with each pass that a destination which is back had deferred.</summary>
    internal Action<Pass> OnDue { get; set; } = _ => { };

    /// <summary>Called when the pass is due again: puts off recipients that wait at dead
    /// destinations, and, in a last pass, all that have had no turn.</summary>
    internal void Renew(Pass pass)
    {
        foreach (Share share in pass.Shares.Waiting())
        {
            if (share.Destination is { } destination
                && (pass.IsLast || destination.Health == DestinationHealth.Dead))
            {
                PutOffs.Add(share, destination);
            }
        }
    }

    /// <summary>Recipients to put off; null if there are none.</summary>
    internal PutOff? NextPutOff() => PutOffs.Next(Take);

    /// <summary>The next question to qmail-rspawn: which destination?</summary>
    internal (uint Id, DomainEntry Entry) DequeueQuestion() => _domains.DequeueQuestion(Now);

    /// <summary>Takes qmail-rspawn's answer to a question.</summary>
    internal void Answer(uint id, string name, bool isBySender, long seconds)
    {
        if (_domains.Close(id) is not { } entry)
        {
            return;
        }

        if (isBySender && !entry.IsSender)
        {
            entry.IsBySender = true;
            List<Share> waiting = entry.Waiting ?? [];
            entry.Waiting = null;
            waiting.ForEach(Route);
            return;
        }

        Resolve(entry, name, Now + (seconds * 1000));
    }

    /// <summary>Makes all waiting recipients due: ends the pauses that replies asked for, and lets
    /// dead destinations be probed.</summary>
    internal void AllDueNow()
    {
        _domains.ClockIs(Now);
        _destinations.ClockIs(Now);
        foreach (Destination destination in _destinations.All)
        {
            Retry(destination);
        }
    }

    /// <summary>The same for one destination.</summary>
    internal void Retry(Destination destination)
    {
        destination.Retry(Now);
        Wake(destination);
    }

    /// <summary>Holds a destination for an administrator, or releases it.</summary>
    internal void Hold(Destination destination, bool isHeld)
    {
        _destinations.Hold(destination, isHeld);
        Wake(destination);
    }

    /// <summary>Sets how many deliveries may run at once.</summary>
    internal void SetSlots(int count) => _slots.Slots = count;

    /// <summary>Applies rules that were read again.</summary>
    internal void Reread()
    {
        _domains.ExpireAll();
        _destinations.Reread();
        foreach (Destination destination in _destinations.All)
        {
            Wake(destination);
        }
    }

    private Start? NextOf(ClassRing ring)
    {
        if (ring.IsList && !_slots.HasForLists)
        {
            return null;
        }

        for (int steps = StepsMax; steps > 0 && ring.Next() is { } lane; steps--)
        {
            if (TryStart(lane) is { } start)
            {
                return start;
            }
        }

        return null;
    }

    private Start? TryStart(Lane lane)
    {
        Destination destination = lane.Destination;
        SkipEmpty(lane);
        if (lane.Shares.Count == 0)
        {
            lane.Sender.Submitter.Ring.Forget(lane);
            Wake(destination); // Its turn is the next lane's.
            return null;
        }

        if (destination.StartAt(Now) > Now)
        {
            Block(lane);
            return null;
        }

        if (!_slots.HasForDestination(destination.Running))
        {
            Block(lane);
            _waits.AddCrowded(destination);
            return null;
        }

        bool isProven = destination.IsProven(Now);
        if (!isProven && !(_slots.HasForUnproven(lane.Sender.Unproven)
            && _slots.HasForSubmitter(lane.Submitter)))
        {
            _waits.AddShort(lane);
            Wake(destination);
            return null;
        }

        return Take(lane, isProven ? null : lane.Sender);
    }

    private Start Take(Lane lane, SenderRow? unproven)
    {
        Share share = lane.Shares.Dequeue();
        if (unproven is not null)
        {
            _slots.StartUnproven(unproven, share.Pass.Message);
        }

        List<int> recipients = [];
        int most = share.IsAlone ? 1 : lane.Destination.RecipientsAt(Now);
        while (recipients.Count < most)
        {
            recipients.Add(Take(share));
            if (share.Count > 0)
            {
                continue;
            }

            SkipEmpty(lane);
            if (share.IsAlone || !lane.Shares.TryPeek(out Share? next) || next.IsAlone
                || next.Pass != share.Pass || next.Domain != share.Domain)
            {
                break;
            }

            share = lane.Shares.Dequeue();
        }

        if (share.Count > 0)
        {
            lane.Shares.Enqueue(share);
        }

        _slots.Running++;
        lane.Destination.Start(Now);
        ClassRing ring = lane.Sender.Submitter.Ring;
        if (lane.Shares.Count > 0)
        {
            ring.AddReady(lane);
        }

        ring.Forget(lane);
        return new Start(share.Pass, [.. recipients], lane.Destination, unproven, share.Route);
    }

    /// <summary>Drops shares at the front of a lane whose recipients were all put off.</summary>
    private static void SkipEmpty(Lane lane)
    {
        while (lane.Shares.TryPeek(out Share? share) && share.Count == 0)
        {
            lane.Shares.Dequeue();
        }
    }

    private int Take(Share share)
    {
        Waiting--;
        share.Pass.Parked--;
        return share.Dequeue();
    }

    /// <summary>Gives a share to its domain's destination, or lets it wait until that is known.
    /// </summary>
    private void Route(Share share)
    {
        QueuedMessage message = share.Pass.Message;
        DomainEntry entry = share.Domain.IsBySender
            ? _domains.Find(share.Domain.Domain, message.Sender) : share.Domain;
        if (!asks && entry.Destination is null)
        {
            Resolve(entry, entry.OwnName, long.MaxValue);
        }

        if (entry.Destination is { } destination)
        {
            if (entry.Expires <= Now)
            {
                _domains.Ask(entry, message.Sender, message.Submitter);
            }

            Place(share, destination);
            return;
        }

        (entry.Waiting ??= []).Add(share);
        _domains.Ask(entry, message.Sender, message.Submitter);
    }

    private void Resolve(DomainEntry entry, string name, long expires)
    {
        Destination destination = Known(name);
        (entry.Destination, entry.Expires) = (destination, expires);
        List<Share> waiting = entry.Waiting ?? [];
        entry.Waiting = null;
        waiting.ForEach(share => Place(share, destination));
    }

    private void Place(Share share, Destination destination)
    {
        if (share.Count == 0)
        {
            return;
        }

        // The destination may have been forgotten meanwhile.
        destination = _destinations.Keep(destination);
        QueuedMessage message = share.Pass.Message;
        ClassRing ring = message.Recipients > SingleMost ? _lists : _single;
        Lane lane = ring.LaneOf(
            message.Submitter, RemoteAddress.SenderKey(message.Sender), destination);
        share.GoTo(destination);
        lane.Shares.Enqueue(share);
        if (!lane.IsInRow)
        {
            ring.AddReady(lane);
        }

        if (destination.Health == DestinationHealth.Dead)
        {
            PutOffs.Add(share, destination);
        }
    }

    private void Block(Lane lane)
    {
        Destination destination = lane.Destination;
        lane.IsInRow = true;
        destination.Blocked.Enqueue(lane);
        PutOffs.AddLast(lane);
        SetTimer(destination, destination.StartAt(Now));
    }

    private void SetTimer(Destination destination, long at)
    {
        if (at > Now && at < long.MaxValue
            && (destination.TimerAt == 0 || at < destination.TimerAt))
        {
            destination.TimerAt = at;
            _timers.Enqueue(destination, at);
        }
    }

    /// <summary>Gives a turn to as many of its lanes as may start deliveries.</summary>
    private void Wake(Destination destination)
    {
        for (int room = destination.Room(Now);
            destination.ReadyLanes < room && !destination.Blocked.IsEmpty;)
        {
            Lane lane = destination.Blocked.Dequeue();
            lane.Sender.Submitter.Ring.AddReady(lane);
        }

        if (!destination.Blocked.IsEmpty)
        {
            SetTimer(destination, destination.StartAt(Now));
        }
    }

    /// <summary>Gives a free slot to a destination or a sender that waits for one.</summary>
    /// <returns>Whether one waited that may have it.</returns>
    private bool WakeOthers()
    {
        if (_waits.DequeueCrowded(_slots) is { } crowded)
        {
            Wake(crowded);
            return true;
        }

        if (_waits.DequeueShort(_slots, _turn % LaneLists.ListTurn == 0) is { } lane)
        {
            lane.Sender.Submitter.Ring.AddReady(lane);
            return true;
        }

        return false;
    }
}

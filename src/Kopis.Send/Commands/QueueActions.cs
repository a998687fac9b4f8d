using Kopis.Base;
using Kopis.Config.Maps;
using Kopis.Queue.Commands;
using Kopis.Queue.Store.State;
using Kopis.Send.Bounces;
using Kopis.Send.Scheduling;
using Kopis.Send.Scheduling.Destinations;

namespace Kopis.Send.Commands;

/// <summary>What a command may do with a recipient while qmail-send runs. Each action is a mark in
/// queue/state; the answer is sent when the mark is durable.</summary>
internal sealed class QueueActions(
    Scheduler scheduler, StateLog marks, QueueState queue, BouncePolicy bounces,
    AddressMap addresses, ReasonTexts reasons, SendLog log)
{
    private static readonly byte[] UsualText =
        "The administrator of this host has returned this message. (#5.7.0)\n"u8.ToArray();

    internal SendLog Log { get; } = log;

    internal QueueState Queue { get; } = queue;

    /// <summary>The messages that a command may be about.</summary>
    internal Candidates Candidates(QueueSelection selection) =>
        new(selection, Queue.OnDisk.Rows, () => [.. scheduler.Messages]);

    /// <summary>Whether a command is about this recipient. The address may be given as in the
    /// envelope, or as its channel knows it.</summary>
    internal bool Matches(QueueSelection selection, ReadOnlySpan<byte> address) =>
        !selection.HasRecipients
        || selection.MatchesRecipient(address)
        || selection.MatchesRecipient(addresses.WithoutPrepend(address));

    /// <summary>Whether a recipient's mail goes to the destination that the command names.
    /// </summary>
    internal bool MatchesDestination(
        QueueSelection selection, QueuedMessage message, int recipient,
        ReadOnlySpan<byte> address) =>
        selection.Destination is not { } name
        || (message.Channel(recipient) == DeliveryChannel.Remote
            && scheduler.Remote.DestinationOf(
                address, message.Sender, RouteOf(message, recipient)) is { } destination
            && Ascii8.EqualsIgnoreCase(ByteText.ToBytes(destination.Name), name));

    /// <summary>How many deliveries run. Called when the queue is summed up.</summary>
    internal Func<DeliverySlots> Slots { get; set; } = static () => default;

    /// <summary>Begins a summary of the queue.</summary>
    internal SummaryRun Summary(long now) => new(
        [.. scheduler.Messages], Queue.OnDisk.Count, Queue.OnDisk.HeldCount,
        [.. scheduler.Remote.Destinations], Slots(), now);

    /// <summary>What is known about a destination.</summary>
    internal ListedDestination Describe(Destination destination) =>
        DestinationRun.Describe(destination, scheduler.Remote.Now);

    /// <summary>Begins a command about destinations.</summary>
    internal DestinationRun Destinations(QueueRequest request, bool isGuest) =>
        new(request, scheduler.Remote, isGuest);

    internal void Hold(QueuedMessage message, int recipient)
    {
        long before = message.Held?.MemoryBytes ?? 0;
        (message.Held ??= new HeldRecipients()).Hold(recipient);
        marks.Add(StateKind.Hold, message.Number, recipient);
        Queue.NoteHeld(message, before);
    }

    internal void Release(QueuedMessage message, int recipient)
    {
        if (message.Held is not { } held)
        {
            return;
        }

        long before = held.MemoryBytes;
        if (held.HoldsAll && recipient != HeldRecipients.Everyone)
        {
            ReleaseOneOfAll(message);
        }

        message.Held?.Release(recipient);
        marks.Add(StateKind.Release, message.Number, recipient);
        if (message.Held is { IsEmpty: true })
        {
            message.Held = null;
        }

        Queue.NoteHeld(message, before);
    }

    /// <summary>Whether recipients can be given a route: qmail-rspawn has to support it.</summary>
    internal bool TakesRoutes { get; set; } = true;

    /// <summary>Whether a recipient has this route already.</summary>
    internal bool HasRoute(QueuedMessage message, int recipient, byte[] via) =>
        via.AsSpan().SequenceEqual(RouteOf(message, recipient));

    /// <summary>Gives a recipient a route from now on, or the usual route if none is named. If its
    /// delivery is running, the next attempt uses the route. A message that waits on the disk is
    /// read into memory if there is room; if not, it is among the first to be read when there is.
    /// </summary>
    /// <returns>False if there are too many relays, or no memory is left for the route.</returns>
    internal bool TryRoute(QueuedMessage message, int recipient, byte[] via, long now)
    {
        if (via.Length > 0 && !Queue.Memory.HasRoomForRoutes)
        {
            return false;
        }

        ushort? route = StateRoutes.Usual;
        IReadOnlyList<StateRecord> added = [];
        if (via.Length > 0)
        {
            route = marks.Routes.Add(via, out added);
        }

        if (route is not { } number)
        {
            return false;
        }

        if (Queue.Memory.HasRoomToAct && Queue.IsOnDisk(message))
        {
            Queue.TakeUp(message, now);
        }

        foreach (StateRecord record in added)
        {
            marks.Add(record.Kind, record.Number, record.Value);
        }

        long before = message.Routes?.MemoryBytes ?? 0;
        RecipientRoutes routes = message.Routes ??= new RecipientRoutes();
        int more = number == StateRoutes.Usual || routes.Of(recipient) != StateRoutes.Usual
            ? 0 : 1;
        routes.Set(recipient, number);
        Queue.NoteRoutes(message, more, before);
        marks.Add(StateKind.Route, message.Number, StateRecord.OfRoute(number, recipient));
        scheduler.Move(message, recipient);
        return true;
    }

    private byte[]? RouteOf(QueuedMessage message, int recipient) =>
        message.Routes is { } routes ? marks.Routes.Find(routes.Of(recipient)) : null;

    /// <summary>Whether a delivery of the recipient runs.</summary>
    internal bool IsRunning(QueuedMessage message, int recipient) =>
        scheduler.IsRunning(message, recipient);

    /// <summary>Makes the rest of a message on a channel due. A message on the disk is due already,
    /// and waits for room only.</summary>
    internal void Retry(QueuedMessage message, DeliveryChannel channel, long now)
    {
        if (!Queue.IsOnDisk(message))
        {
            scheduler.DueNow(message, channel, now);
        }
    }

    /// <summary>Drops a recipient; nobody is notified. A message that waits on the disk is read
    /// into memory, since the state of its recipients now has to be kept.</summary>
    internal void Remove(QueuedMessage message, int recipient, long now)
    {
        if (Queue.IsOnDisk(message))
        {
            Queue.TakeUp(message, now);
        }

        marks.Add(StateKind.Done, message.Number, recipient);
        reasons.Forget(message, recipient);
        scheduler.Drop(message, recipient);
    }

    /// <summary>Gives a recipient up, as after a failed delivery.</summary>
    /// <exception cref="IOException">The text cannot be stored now; nothing was done.</exception>
    internal void Bounce(QueuedMessage message, int recipient, byte[]? text, long now)
    {
        bounces.KeepFailure(message, recipient, text ?? UsualText);
        Remove(message, recipient, now);
    }

    /// <summary>Queues one copy for the address that replaces these recipients.</summary>
    /// <returns>Whether the copy is in the queue; if not, nothing was done.</returns>
    internal bool TryReroute(
        QueuedMessage message, IReadOnlyList<int> recipients, byte[] to, long now)
    {
        if (!bounces.TrySendCopy(message, recipients[0], to, now))
        {
            return false;
        }

        foreach (int recipient in recipients)
        {
            Remove(message, recipient, now);
        }

        return true;
    }

    /// <summary>What a recipient waits for. Takes constant time.</summary>
    internal ListedRecipient Describe(QueuedMessage message, int recipient, long now)
    {
        DeliveryChannel channel = message.Channel(recipient);
        RecipientNote note = message.Note(recipient);
        bool waits = message.Waits(channel);
        RecipientState state = message.State(recipient);
        long due = message.Due(channel);
        ListedState listed = state == RecipientState.Done ? ListedState.Done
            : scheduler.IsRunning(message, recipient) ? ListedState.Running
            : message.IsHeld(recipient) ? ListedState.Held
            : state == RecipientState.Deferred || (waits && due > now) ? ListedState.Waiting
            : ListedState.Due;
        return new ListedRecipient(
            (uint)recipient, listed, channel == DeliveryChannel.Local,
            message.Address(recipient).ToArray())
        {
            Tries = note.Tries,
            LastTry = note.LastTry,
            NextTry = listed == ListedState.Waiting && waits ? due : 0,
            Text = reasons[note.Text],
            Via = RouteOf(message, recipient) ?? [],
        };
    }

    private void ReleaseOneOfAll(QueuedMessage message)
    {
        HeldRecipients each = new();
        marks.Add(StateKind.Release, message.Number, HeldRecipients.Everyone);
        for (int i = 0; i < message.Recipients; i++)
        {
            if (!message.IsDone(i))
            {
                each.Hold(i);
                marks.Add(StateKind.Hold, message.Number, i);
            }
        }

        message.Held = each;
    }
}

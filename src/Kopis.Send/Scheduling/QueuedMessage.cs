using Kopis.Mail.Addresses;
using Kopis.Mail.Dsn;
using Kopis.Queue.Store.State;
using Kopis.Send.Bounces;

namespace Kopis.Send.Scheduling;

/// <summary>A message of the queue as qmail-send knows it. Its recipients are in memory
/// (<see cref="WholeMessage"/>), or are read in portions when their turn comes
/// (<see cref="LongMessage"/>).</summary>
internal abstract class QueuedMessage(ulong number, long bornSeconds) : IStateMessage
{
    // Unix seconds in 32 bits, since there may be millions of messages; enough until 2106.
    private uint _dueLocal;
    private uint _dueRemote;
    private bool _waitsLocal;
    private bool _waitsRemote;
    private bool _againLocal;
    private bool _againRemote;

    public ulong Number { get; } = number;

    /// <summary>Unix time of its arrival. The retry schedule and the lifetime count from it.
    /// </summary>
    internal long BornSeconds { get; } = bornSeconds;

    /// <summary>The user who queued it.</summary>
    internal uint Uid { get; init; }

    /// <summary>The client that submitted it over the network; 0 if not known.</summary>
    internal uint Client { get; init; }

    /// <summary>User and client together identify the submitter, for everything that submitters
    /// share.</summary>
    internal ulong Submitter => ((ulong)Uid << 32) | Client;

    /// <summary>Where its record ends in its segment.</summary>
    internal uint RecordEnd { get; init; }

    /// <summary>Whether its body is in a file of its own.</summary>
    internal bool HasOwnFile { get; init; }

    /// <summary>Whether queue/bounce has a record about at least one of its recipients.</summary>
    internal bool HasBounce { get; set; }

    /// <summary>Whether the scheduler has returned it as finished.</summary>
    internal bool IsFinished { get; set; }

    /// <summary>Deliveries of it that are under way.</summary>
    internal ushort Orders { get; set; }

    /// <inheritdoc/>
    public HeldRecipients? Held { get; set; }

    /// <inheritdoc/>
    public RecipientRoutes? Routes { get; set; }

    /// <summary>Bytes of memory that the routes take, about.</summary>
    internal long RouteBytes { get; private set; }

    /// <summary>Counts the memory of routes that were changed.</summary>
    /// <param name="count">How many recipients got a route: each may leave an entry behind where it
    /// waited.</param>
    /// <param name="bytesBefore">Memory of the routes before the change.</param>
    /// <returns>How many bytes more it takes.</returns>
    internal long NoteRoutes(int count, long bytesBefore)
    {
        const int PlaceBytes = 64;
        long more = (PlaceBytes * count) + (Routes?.MemoryBytes ?? 0) - bytesBefore;
        RouteBytes += more;
        return more;
    }

    /// <summary>Whether recipients that waited at a destination got another route: they are in
    /// state Deferred, and the open pass looks at them again.</summary>
    internal bool IsMoved { get; set; }

    internal abstract ReadOnlySpan<byte> Sender { get; }

    /// <summary>The address that its bounce is sent to.</summary>
    internal ReadOnlySpan<byte> ReturnPath => Verp.BounceAddress(Sender);

    /// <summary>Whether its recipients are not all in memory.</summary>
    internal abstract bool IsLong { get; }

    /// <summary>Bytes of memory that it holds, about.</summary>
    internal abstract long MemoryBytes { get; }

    /// <summary>Its ESMTP parameters; null for most messages, which have none.</summary>
    /// <exception cref="IOException">They cannot be read now. The members below throw it, too.
    /// </exception>
    internal abstract ParameterTable? Parameters { get; }

    /// <summary>Whether it has parameters about delivery status notifications.</summary>
    internal abstract bool HasDsn { get; }

    /// <summary>Whether delivery status notifications may be sent for it; never for a bounce.
    /// </summary>
    internal bool HasNotices => HasDsn && !ReturnPath.IsEmpty
        && !ReturnPath.SequenceEqual(BounceText.DoubleBounceSender);

    /// <inheritdoc/>
    public abstract int Recipients { get; }

    /// <inheritdoc/>
    public abstract int DoneCount { get; }

    /// <summary>Whether nothing is left to deliver on either channel.</summary>
    internal abstract bool AllDone { get; }

    long IStateMessage.LocalDue => _dueLocal;

    long IStateMessage.RemoteDue => _dueRemote;

    /// <inheritdoc/>
    public bool IsDone(int index) => State(index) == RecipientState.Done;

    /// <summary>The recipient as its channel knows it.</summary>
    internal abstract ReadOnlyMemory<byte> Address(int index);

    internal abstract DeliveryChannel Channel(int index);

    internal abstract RecipientState State(int index);

    /// <summary>Whether a channel may have recipients that are not done.</summary>
    internal abstract bool MayBeOpen(DeliveryChannel channel);

    /// <summary>Unix time of the channel's next pass.</summary>
    internal long Due(DeliveryChannel channel) =>
        channel == DeliveryChannel.Local ? _dueLocal : _dueRemote;

    /// <summary>Sets a time that was saved. If the clock has gone back since, the time may be too
    /// late: a time that is further away than any wait is set no later than if a pass began now.
    /// </summary>
    /// <param name="channel">The channel.</param>
    /// <param name="seconds">The time that was saved.</param>
    /// <param name="now">The time.</param>
    /// <param name="longest">The longest wait on the channel.</param>
    internal void SetDue(DeliveryChannel channel, long seconds, long now, long longest)
    {
        bool isExplained = BornSeconds <= now && seconds - now <= longest;
        SetDue(channel, isExplained ? seconds
            : Math.Min(seconds, RetrySchedule.Next(now, BornSeconds, channel)));
    }

    internal void SetDue(DeliveryChannel channel, long seconds) =>
        (channel == DeliveryChannel.Local ? ref _dueLocal : ref _dueRemote) =
            (uint)Math.Clamp(seconds, 0, uint.MaxValue);

    /// <summary>Whether an administrator holds the recipient.</summary>
    internal bool IsHeld(int index) => Held is { } held && held.Contains(index);

    /// <summary>Whether it waits in the channel's queue for its time.</summary>
    internal bool Waits(DeliveryChannel channel) =>
        channel == DeliveryChannel.Local ? _waitsLocal : _waitsRemote;

    internal void SetWaits(DeliveryChannel channel, bool waits) =>
        (channel == DeliveryChannel.Local ? ref _waitsLocal : ref _waitsRemote) = waits;

    /// <summary>Whether the next pass follows the one that is open or due at once.</summary>
    internal bool IsAgain(DeliveryChannel channel) =>
        channel == DeliveryChannel.Local ? _againLocal : _againRemote;

    internal void SetAgain(DeliveryChannel channel, bool again) =>
        (channel == DeliveryChannel.Local ? ref _againLocal : ref _againRemote) = again;

    /// <summary>The result of a recipient's last attempts.</summary>
    internal abstract RecipientNote Note(int index);

    /// <summary>Keeps the result of an attempt; false if there is no room.</summary>
    internal abstract bool TrySetNote(int index, RecipientNote note, ReasonTexts texts);

    /// <summary>Frees the memory of its notes, when the message has left the queue.</summary>
    internal virtual void FreeNotes(ReasonTexts texts)
    {
    }

    /// <summary>Makes its recipients readable outside of a pass, until <see cref="EndVisit"/>.
    /// </summary>
    /// <returns>Whether that took a while.</returns>
    /// <exception cref="IOException">They cannot be read now; then there is no visit.</exception>
    internal virtual bool BeginVisit() => false;

    internal virtual void EndVisit()
    {
    }

    /// <summary>Sets a recipient's state; one that is done stays so.</summary>
    internal abstract void SetState(int index, RecipientState state);

    /// <summary>Called when a pass begins.</summary>
    internal virtual void BeginPass()
    {
    }

    /// <summary>Makes <see cref="Recipients"/> known for a pass.</summary>
    /// <returns>Whether that took a while.</returns>
    internal virtual bool Prepare() => false;

    /// <summary>Makes recipients that were deferred in an open pass deliverable again in it.
    /// </summary>
    internal abstract void RenewPass(DeliveryChannel channel);

    /// <summary>Makes recipients that were deferred in a pass deliverable in the next one.
    /// </summary>
    /// <param name="channel">The channel of the pass.</param>
    /// <param name="isLeft">Whether some recipients of the channel are not done.</param>
    /// <returns>Whether the other channel needs another pass, too.</returns>
    internal abstract bool EndPass(DeliveryChannel channel, bool isLeft);
}

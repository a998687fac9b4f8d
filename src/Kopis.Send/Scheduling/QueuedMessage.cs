using Kopis.Mail.Addresses;
using Kopis.Mail.Dsn;
using Kopis.Queue.Store.State;
using Kopis.Send.Bounces;

namespace Kopis.Send.Scheduling;

/// <summary>
/// One message of the queue as qmail-send knows it. Its recipients are in memory
/// (<see cref="WholeMessage"/>) or are read in portions when their turn comes
/// (<see cref="LongMessage"/>).
/// </summary>
internal abstract class QueuedMessage(ulong number, long bornSeconds) : IStateMessage
{
    private uint _dueLocal; // Unix seconds: there may be millions of messages, and 2106 is far.
    private uint _dueRemote;
    private bool _waitsLocal;
    private bool _waitsRemote;
    private bool _againLocal;
    private bool _againRemote;

    public ulong Number { get; } = number;

    /// <summary>Unix time of its arrival; retry schedule and lifetime count from it.</summary>
    internal long BornSeconds { get; } = bornSeconds;

    /// <summary>Who queued it.</summary>
    internal uint Uid { get; init; }

    /// <summary>Who has submitted it over the network; 0: nobody says.</summary>
    internal uint Client { get; init; }

    /// <summary>The two, for what is shared by submitters.</summary>
    internal ulong Submitter => ((ulong)Uid << 32) | Client;

    /// <summary>Where in its segment its record ends.</summary>
    internal uint RecordEnd { get; init; }

    /// <summary>Its body is in a file of its own.</summary>
    internal bool HasOwnFile { get; init; }

    /// <summary>queue/bounce keeps something about at least one of its recipients.</summary>
    internal bool HasBounce { get; set; }

    /// <summary>The scheduler has given it out as finished.</summary>
    internal bool IsFinished { get; set; }

    /// <summary>Orders that are out.</summary>
    internal ushort Orders { get; set; }

    /// <inheritdoc/>
    public HeldRecipients? Held { get; set; }

    /// <inheritdoc/>
    public RecipientRoutes? Routes { get; set; }

    /// <summary>Bytes of memory that those hold, about.</summary>
    internal long RouteBytes { get; private set; }

    /// <summary>More recipients go another way, or others.</summary>
    /// <param name="count">How many more: each may leave a place behind where it has waited.
    /// </param>
    /// <param name="bytesBefore">What was kept of those who did.</param>
    /// <returns>Bytes that it takes more.</returns>
    internal long NoteRoutes(int count, long bytesBefore)
    {
        const int PlaceBytes = 64;
        long more = (PlaceBytes * count) + (Routes?.MemoryBytes ?? 0) - bytesBefore;
        RouteBytes += more;
        return more;
    }

    /// <summary>Recipients that waited at a destination are to go elsewhere: they are in state
    /// Deferred, and the pass that is open looks at them again.</summary>
    internal bool IsMoved { get; set; }

    internal abstract ReadOnlySpan<byte> Sender { get; }

    /// <summary>Where its bounce goes.</summary>
    internal ReadOnlySpan<byte> ReturnPath => Verp.BounceAddress(Sender);

    /// <summary>Its recipients are not all in memory.</summary>
    internal abstract bool IsLong { get; }

    /// <summary>Bytes of memory that it holds, about.</summary>
    internal abstract long MemoryBytes { get; }

    /// <summary>What ESMTP said of it; null for most messages, of which it said nothing.</summary>
    /// <exception cref="IOException">It cannot be read now; also in what follows.</exception>
    internal abstract ParameterTable? Parameters { get; }

    /// <summary>Its sender said something about notices of delivery status.</summary>
    internal abstract bool HasDsn { get; }

    /// <summary>Its sender asked for notices of delivery status; a bounce's never does.</summary>
    internal bool HasNotices => HasDsn && !ReturnPath.IsEmpty
        && !ReturnPath.SequenceEqual(BounceText.DoubleBounceSender);

    /// <inheritdoc/>
    public abstract int Recipients { get; }

    /// <inheritdoc/>
    public abstract int DoneCount { get; }

    /// <summary>Nothing is left to deliver on either channel.</summary>
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

    /// <summary>Sets a time that was written down. Where the clock has gone back since, nothing
    /// waits for the time that it had: what no wait explains is no later than a pass that begins
    /// now would say.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="seconds">The time that was written down.</param>
    /// <param name="now">The time.</param>
    /// <param name="longest">How long the channel's messages may have to wait.</param>
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

    /// <summary>What the last tries of a recipient came to.</summary>
    internal abstract RecipientNote Note(int index);

    /// <summary>Keeps it; false where there is no room.</summary>
    internal abstract bool TrySetNote(int index, RecipientNote note, ReasonTexts texts);

    /// <summary>The message is out of the queue: gives back what its notes took.</summary>
    internal virtual void FreeNotes(ReasonTexts texts)
    {
    }

    /// <summary>Someone looks at its recipients outside of a pass; to be ended by
    /// <see cref="EndVisit"/>.</summary>
    /// <returns>Whether that took a while.</returns>
    /// <exception cref="IOException">They cannot be read now; then there is no visit.</exception>
    internal virtual bool BeginVisit() => false;

    internal virtual void EndVisit()
    {
    }

    /// <summary>Moves a recipient on; one that is done stays so.</summary>
    internal abstract void SetState(int index, RecipientState state);

    /// <summary>A pass begins.</summary>
    internal virtual void BeginPass()
    {
    }

    /// <summary>Makes <see cref="Recipients"/> known for a pass.</summary>
    /// <returns>Whether that took a while.</returns>
    internal virtual bool Prepare() => false;

    /// <summary>What was deferred in a pass that goes on is to be delivered again in it.</summary>
    internal abstract void RenewPass(DeliveryChannel channel);

    /// <summary>What was deferred in a pass is to be delivered again in the next.</summary>
    /// <param name="channel">The pass's.</param>
    /// <param name="isLeft">Some recipients of the channel are not done.</param>
    /// <returns>Whether the other channel is to have a pass again, too.</returns>
    internal abstract bool EndPass(DeliveryChannel channel, bool isLeft);
}

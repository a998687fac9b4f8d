using Kopis.Mail;
using Kopis.Queue;

namespace Kopis.Send;

/// <summary>
/// One message of the queue as qmail-send holds it in memory: packed, since there may be millions
/// (invariant 5: 300 bytes a recipient at most, the message's own share included).
/// </summary>
internal sealed class QueuedMessage : IStateMessage
{
    /// <summary>Sender and addresses of one message together, in bytes.</summary>
    internal const int PackedBytesMax = 1 << 29;

    private const int EndShift = 3;
    private const uint RemoteFlag = 4;
    private const uint StateMask = 3;

    private readonly byte[] _packed; // The sender, then each address.
    private readonly uint[] _marks; // End in _packed << 3 | channel << 2 | state.
    private readonly int _senderBytes;
    private int _openLocal;
    private int _openRemote;
    private uint _dueLocal; // Unix seconds: there may be millions of messages, and 2106 is far.
    private uint _dueRemote;

    /// <summary>A message with its recipients as their channels know them.</summary>
    /// <exception cref="OverflowException">They are over <see cref="PackedBytesMax"/>.</exception>
    internal QueuedMessage(
        ulong number, long bornSeconds, ReadOnlySpan<byte> sender,
        IReadOnlyList<(byte[] Address, DeliveryChannel Channel)> recipients)
    {
        Number = number;
        BornSeconds = bornSeconds;
        long bytes = sender.Length + recipients.Sum(recipient => (long)recipient.Address.Length);
        if (bytes >= PackedBytesMax)
        {
            throw new OverflowException($"message {number}: {bytes} bytes of addresses");
        }

        _packed = new byte[bytes];
        _marks = new uint[recipients.Count];
        _senderBytes = sender.Length;
        sender.CopyTo(_packed);
        int end = sender.Length;
        for (int i = 0; i < recipients.Count; i++)
        {
            (byte[] address, DeliveryChannel channel) = recipients[i];
            address.CopyTo(_packed, end);
            end += address.Length;
            bool isRemote = channel == DeliveryChannel.Remote;
            _marks[i] = ((uint)end << EndShift) | (isRemote ? RemoteFlag : 0);
            _ = isRemote ? _openRemote++ : _openLocal++;
        }
    }

    public ulong Number { get; }

    /// <summary>Unix time of its arrival; retry schedule and lifetime count from it.</summary>
    internal long BornSeconds { get; }

    /// <summary>Who queued it.</summary>
    internal uint Uid { get; init; }

    internal ReadOnlySpan<byte> Sender => _packed.AsSpan(0, _senderBytes);

    /// <inheritdoc/>
    public int Recipients => _marks.Length;

    /// <summary>Where in its segment its record ends.</summary>
    internal uint RecordEnd { get; init; }

    /// <summary>Its body is in a file of its own.</summary>
    internal bool HasOwnFile { get; init; }

    /// <summary>What ESMTP said of it; null for most messages, of which it said nothing.</summary>
    internal ParameterTable? Parameters { get; init; }

    /// <summary>Its sender asked for notices of delivery status; a bounce's never does.</summary>
    internal bool HasNotices => Parameters is { HasDsn: true }
        && !Sender.IsEmpty && !Sender.SequenceEqual(BounceText.DoubleBounceSender);

    /// <summary>A passage about at least one failed recipient waits in queue/bounce.</summary>
    internal bool HasBounce { get; set; }

    /// <summary>The scheduler has given it out as finished.</summary>
    internal bool IsFinished { get; set; }

    /// <summary>Nothing is left to deliver on either channel.</summary>
    internal bool AllDone => _openLocal + _openRemote == 0;

    /// <inheritdoc/>
    public int DoneCount => _marks.Length - _openLocal - _openRemote;

    long IStateMessage.LocalDue => _dueLocal;

    long IStateMessage.RemoteDue => _dueRemote;

    /// <inheritdoc/>
    public bool IsDone(int index) => State(index) == RecipientState.Done;

    internal ReadOnlyMemory<byte> Address(int index)
    {
        int start = index == 0 ? _senderBytes : (int)(_marks[index - 1] >> EndShift);
        return _packed.AsMemory(start, (int)(_marks[index] >> EndShift) - start);
    }

    internal DeliveryChannel Channel(int index) =>
        (_marks[index] & RemoteFlag) != 0 ? DeliveryChannel.Remote : DeliveryChannel.Local;

    internal RecipientState State(int index) => (RecipientState)(_marks[index] & StateMask);

    /// <summary>Recipients of a channel that are not done.</summary>
    internal int Open(DeliveryChannel channel) =>
        channel == DeliveryChannel.Local ? _openLocal : _openRemote;

    /// <summary>Unix time of the channel's next pass.</summary>
    internal long Due(DeliveryChannel channel) =>
        channel == DeliveryChannel.Local ? _dueLocal : _dueRemote;

    internal void SetDue(DeliveryChannel channel, long seconds) =>
        (channel == DeliveryChannel.Local ? ref _dueLocal : ref _dueRemote) =
            (uint)Math.Clamp(seconds, 0, uint.MaxValue);

    /// <summary>Moves a recipient on; one that is done stays so.</summary>
    internal void SetState(int index, RecipientState state)
    {
        if (State(index) == RecipientState.Done)
        {
            return;
        }

        if (state == RecipientState.Done)
        {
            _ = Channel(index) == DeliveryChannel.Local ? _openLocal-- : _openRemote--;
        }

        _marks[index] = (_marks[index] & ~StateMask) | (uint)state;
    }

    /// <summary>What was deferred in a pass is to be delivered again in the next.</summary>
    internal void EndPass(DeliveryChannel channel)
    {
        for (int i = 0; i < _marks.Length; i++)
        {
            if (State(i) == RecipientState.Deferred && Channel(i) == channel)
            {
                SetState(i, RecipientState.ToDo);
            }
        }
    }
}

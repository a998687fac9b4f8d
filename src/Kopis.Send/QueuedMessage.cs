namespace Kopis.Send;

/// <summary>
/// One message of the queue as qmail-send holds it in memory: packed, since there may be millions
/// (invariant 5: 300 bytes a recipient at most).
/// </summary>
internal sealed class QueuedMessage
{
    private const byte RemoteFlag = 0x80;
    private const byte StateMask = 0x03;

    private readonly byte[] _addresses;
    private readonly int[] _starts;
    private readonly byte[] _states;
    private readonly int[] _open = new int[2];
    private readonly long[] _due = new long[2];

    /// <summary>A message with its recipients as their channels know them.</summary>
    internal QueuedMessage(
        ulong number, long bornSeconds, byte[] sender,
        IReadOnlyList<(byte[] Address, DeliveryChannel Channel)> recipients)
    {
        Number = number;
        BornSeconds = bornSeconds;
        Sender = sender;
        _states = new byte[recipients.Count];
        _starts = new int[recipients.Count + 1];
        _addresses = new byte[recipients.Sum(recipient => recipient.Address.Length)];
        for (int i = 0; i < recipients.Count; i++)
        {
            (byte[] address, DeliveryChannel channel) = recipients[i];
            address.CopyTo(_addresses, _starts[i]);
            _starts[i + 1] = _starts[i] + address.Length;
            _states[i] = channel == DeliveryChannel.Remote ? RemoteFlag : (byte)0;
            _open[(int)channel]++;
        }
    }

    internal ulong Number { get; }

    /// <summary>Unix time of its arrival; retry schedule and lifetime count from it.</summary>
    internal long BornSeconds { get; }

    internal byte[] Sender { get; }

    internal int Recipients => _states.Length;

    /// <summary>Its body is in a file of its own.</summary>
    internal bool HasOwnFile { get; init; }

    /// <summary>A passage about at least one failed recipient waits in queue/bounce.</summary>
    internal bool HasBounce { get; set; }

    /// <summary>Nothing is left to deliver on either channel.</summary>
    internal bool AllDone => _open[0] + _open[1] == 0;

    internal ReadOnlyMemory<byte> Address(int index) =>
        _addresses.AsMemory(_starts[index], _starts[index + 1] - _starts[index]);

    internal DeliveryChannel Channel(int index) =>
        (_states[index] & RemoteFlag) != 0 ? DeliveryChannel.Remote : DeliveryChannel.Local;

    internal RecipientState State(int index) => (RecipientState)(_states[index] & StateMask);

    /// <summary>Recipients of a channel that are not done.</summary>
    internal int Open(DeliveryChannel channel) => _open[(int)channel];

    /// <summary>Unix time of the channel's next pass.</summary>
    internal long Due(DeliveryChannel channel) => _due[(int)channel];

    internal void SetDue(DeliveryChannel channel, long seconds) => _due[(int)channel] = seconds;

    internal void SetState(int index, RecipientState state)
    {
        if (State(index) == RecipientState.Done)
        {
            return;
        }

        if (state == RecipientState.Done)
        {
            _open[(int)Channel(index)]--;
        }

        _states[index] = (byte)((_states[index] & ~StateMask) | (byte)state);
    }

    /// <summary>What was deferred in a pass is to be delivered again in the next.</summary>
    internal void EndPass(DeliveryChannel channel)
    {
        for (int i = 0; i < _states.Length; i++)
        {
            if (State(i) == RecipientState.Deferred && Channel(i) == channel)
            {
                SetState(i, RecipientState.ToDo);
            }
        }
    }
}

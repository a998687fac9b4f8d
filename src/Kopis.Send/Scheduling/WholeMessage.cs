using Kopis.Send.Bounces;

namespace Kopis.Send.Scheduling;

/// <summary>A message whose recipients are in memory. They are packed, since there may be millions
/// of them (invariant 5: at most 300 bytes for a recipient, including its part of the message).
/// </summary>
internal sealed class WholeMessage : QueuedMessage
{
    /// <summary>How many bytes the sender and the addresses of one message may have together.
    /// </summary>
    internal const int PackedBytesMax = 1 << 29;

    private const int ObjectBytes = 160; // The objects, and their places in the schedule.
    private const int EndShift = 3;
    private const uint RemoteFlag = 4;
    private const uint StateMask = 3;

    private readonly byte[] _packed; // The sender, then each address.
    private readonly int _recipients;

    // For each recipient: end in _packed << 3 | channel << 2 | state. Notes follow, once there are
    // any. This is one array, since most messages have one recipient.
    private uint[] _marks;
    private readonly int _senderBytes;
    private readonly ParameterTable? _parameters;
    private int _openLocal;
    private int _openRemote;

    /// <summary>Makes a message from its recipients as their channels know them.</summary>
    /// <exception cref="OverflowException">They exceed <see cref="PackedBytesMax"/>.</exception>
    internal WholeMessage(
        ulong number, long bornSeconds, ReadOnlySpan<byte> sender,
        IReadOnlyList<(byte[] Address, DeliveryChannel Channel)> recipients,
        ParameterTable? parameters = null)
        : base(number, bornSeconds)
    {
        _parameters = parameters;
        long bytes = sender.Length + recipients.Sum(recipient => (long)recipient.Address.Length);
        if (bytes >= PackedBytesMax)
        {
            throw new OverflowException($"message {number}: {bytes} bytes of addresses");
        }

        _packed = new byte[bytes];
        _recipients = recipients.Count;
        _marks = new uint[_recipients];
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

    internal override ReadOnlySpan<byte> Sender => _packed.AsSpan(0, _senderBytes);

    internal override bool IsLong => false;

    internal override long MemoryBytes =>
        ObjectBytes + _packed.Length
        + (sizeof(uint) * (1 + RecipientNote.Words) * _recipients) + (_parameters?.Bytes ?? 0);

    internal override ParameterTable? Parameters => _parameters;

    internal override bool HasDsn => _parameters is { HasDsn: true };

    public override int Recipients => _recipients;

    public override int DoneCount => _recipients - _openLocal - _openRemote;

    internal override bool AllDone => _openLocal + _openRemote == 0;

    internal override ReadOnlyMemory<byte> Address(int index)
    {
        int start = index == 0 ? _senderBytes : (int)(_marks[index - 1] >> EndShift);
        return _packed.AsMemory(start, (int)(_marks[index] >> EndShift) - start);
    }

    internal override DeliveryChannel Channel(int index) =>
        (_marks[index] & RemoteFlag) != 0 ? DeliveryChannel.Remote : DeliveryChannel.Local;

    internal override RecipientState State(int index) =>
        (RecipientState)(_marks[index] & StateMask);

    /// <summary>How many recipients of a channel are not done.</summary>
    internal int Open(DeliveryChannel channel) =>
        channel == DeliveryChannel.Local ? _openLocal : _openRemote;

    internal override bool MayBeOpen(DeliveryChannel channel) => Open(channel) > 0;

    internal override void SetState(int index, RecipientState state)
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

    internal override RecipientNote Note(int index) => _marks.Length == _recipients
        ? default
        : RecipientNote.Read(_marks.AsSpan(Place(index)));

    internal override bool TrySetNote(int index, RecipientNote note, ReasonTexts texts)
    {
        if (_marks.Length == _recipients)
        {
            Array.Resize(ref _marks, _recipients * (1 + RecipientNote.Words));
        }

        note.Write(_marks.AsSpan(Place(index)));
        return true;
    }

    private int Place(int index) => _recipients + (index * RecipientNote.Words);

    internal override bool EndPass(DeliveryChannel channel, bool isLeft)
    {
        RenewPass(channel);
        return false;
    }

    internal override void RenewPass(DeliveryChannel channel)
    {
        for (int i = 0; i < _recipients && Open(channel) > 0; i++)
        {
            if (State(i) == RecipientState.Deferred && Channel(i) == channel)
            {
                SetState(i, RecipientState.ToDo);
            }
        }
    }
}

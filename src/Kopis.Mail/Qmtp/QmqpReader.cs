using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Addresses;
using Kopis.Mail.Smtp;

namespace Kopis.Mail.Qmtp;

/// <summary>The server's side of QMQP (contract §9.3): one netstring that contains those of the
/// message, the sender and each recipient. Lines end in LF. This class does not check who may send.
/// </summary>
public sealed class QmqpReader : ITransferReader
{
    private readonly int _envelopeBytesMax;
    private readonly int _recipientsMax;
    private readonly NetstringAddress _address = new();
    private readonly EnvelopeText _envelope = new();
    private readonly EnvelopeRecipients _recipients;
    private NetstringReader _outer;
    private NetstringReader _message;
    private bool _hasSender;

    /// <summary>Makes a reader of one message.</summary>
    /// <param name="envelopeBytesMax">The most bytes that are kept of the sender and the
    /// recipients.</param>
    /// <param name="recipientsMax">The most recipients.</param>
    public QmqpReader(int envelopeBytesMax, int recipientsMax = SmtpLimits.RecipientsMax)
    {
        _envelopeBytesMax = envelopeBytesMax;
        _recipientsMax = recipientsMax;
        _recipients = new EnvelopeRecipients(_envelope);
    }

    /// <inheritdoc/>
    public bool IsBegun { get; private set; }

    /// <inheritdoc/>
    public bool IsUnwanted => HasUnfitAddress || IsEnvelopeTooBig || HasTooManyRecipients;

    /// <summary>Whether an address is too long or has a NUL, or a recipient's address is empty.
    /// </summary>
    public bool HasUnfitAddress { get; private set; }

    /// <summary>Whether the envelope is over its limit.</summary>
    public bool IsEnvelopeTooBig { get; private set; }

    /// <summary>Whether there are more different recipients than allowed.</summary>
    public bool HasTooManyRecipients { get; private set; }

    /// <summary>The envelope of a whole message: <c>F</c>sender<c>\0</c>, for each recipient
    /// <c>T</c>recipient<c>\0</c>, and a last <c>\0</c>.</summary>
    public byte[] Envelope() => _envelope.ToBytes();

    /// <inheritdoc/>
    public TransferStep Read(ReadOnlySpan<byte> bytes, IBufferWriter<byte> message, out int used)
    {
        used = 0;
        TransferStep step = TransferStep.More;
        while (step == TransferStep.More && used < bytes.Length)
        {
            IsBegun = true;
            used += _outer.Read(bytes[used..], out ReadOnlySpan<byte> content);
            step = NetstringAddress.StepOf(_outer);
            while (step == TransferStep.More && !content.IsEmpty)
            {
                content = content[ReadPart(content, message, out step)..];
            }

            if (_outer.IsOver && step == TransferStep.More)
            {
                step = _hasSender && !_address.IsBegun
                    ? TransferStep.Whole
                    : TransferStep.BadProtocol;
            }
        }

        return step;
    }

    private int ReadPart(
        ReadOnlySpan<byte> content, IBufferWriter<byte> message, out TransferStep step)
    {
        int used;
        if (!_message.IsOver)
        {
            used = _message.Read(content, out ReadOnlySpan<byte> text);
            step = NetstringAddress.StepOf(_message);
            message.Write(text);
            return used;
        }

        used = _address.Read(content);
        step = _address.Step;
        if (_address.IsOver)
        {
            ReadAddress();
            _address.Reset();
        }

        return used;
    }

    private void ReadAddress()
    {
        HasUnfitAddress |= !_address.IsFit || (_hasSender && _address.Bytes.IsEmpty);
        if (!_hasSender || _recipients.Find(_address.Bytes) < 0)
        {
            IsEnvelopeTooBig |= _envelope.Count + _address.Bytes.Length + 3 > _envelopeBytesMax;
            HasTooManyRecipients |= _recipients.Count >= _recipientsMax;
            if (!IsUnwanted)
            {
                Add();
            }
        }

        _hasSender = true;
    }

    private void Add()
    {
        if (_hasSender)
        {
            _recipients.Add(_address.Bytes, [], []);
        }
        else
        {
            _envelope.Add((byte)'F', _address.Bytes);
        }
    }
}

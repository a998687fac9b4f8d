using System.Buffers;

namespace Kopis.Mail;

/// <summary>One message's envelope while it is being said.</summary>
internal sealed class SmtpTransaction
{
    private const int KeptBytes = 4096; // A buffer over this is not kept while idle.
    private ArrayBufferWriter<byte> _recipients = new();
    private byte[]? _sender;
    private MessageParameters _parameters;

    /// <summary>Whether MAIL was said.</summary>
    internal bool IsOpen => _sender is not null;

    /// <summary>Whether no mail is taken from the sender.</summary>
    internal bool SenderIsBad { get; private set; }

    /// <summary>Whether its message has begun to come, by BDAT.</summary>
    internal bool IsChunking { get; set; }

    /// <summary>Recipients so far.</summary>
    internal int Recipients { get; private set; }

    internal bool IsUtf8 => _parameters.SmtpUtf8;

    internal void Open(byte[] sender, bool isBad, MessageParameters parameters)
    {
        Forget();
        (_sender, SenderIsBad, _parameters) = (sender, isBad, parameters);
    }

    /// <summary>Adds a recipient; false where it would be too much.</summary>
    internal bool TryAdd(ReadOnlySpan<byte> address, RecipientParameters parameters)
    {
        byte[] said = parameters.IsEmpty ? [] : parameters.ToBytes();
        if (_recipients.WrittenCount + address.Length + said.Length
            > SmtpLimits.RecipientsBytesMax)
        {
            return false;
        }

        AddRecord((byte)'T', address);
        if (said.Length > 0)
        {
            AddRecord((byte)'P', said);
        }

        Recipients++;
        return true;
    }

    /// <summary>
    /// <c>F</c>sender<c>\0</c>, for each recipient <c>T</c>recipient<c>\0</c>, and a last
    /// <c>\0</c>; after each <c>P</c>parameters<c>\0</c> where there are any (contract §5.1,
    /// docs/queue-format.md).
    /// </summary>
    internal byte[] ToEnvelope() => _parameters.IsEmpty
        ? [(byte)'F', .. _sender!, 0, .. _recipients.WrittenSpan, 0]
        :
        [
            (byte)'F', .. _sender!, 0, (byte)'P', .. _parameters.ToBytes(), 0,
            .. _recipients.WrittenSpan, 0,
        ];

    internal void Forget()
    {
        _sender = null;
        _parameters = default;
        Recipients = 0;
        IsChunking = false;
        if (_recipients.Capacity > KeptBytes)
        {
            _recipients = new ArrayBufferWriter<byte>();
        }

        _recipients.ResetWrittenCount();
    }

    private void AddRecord(byte tag, ReadOnlySpan<byte> text)
    {
        _recipients.Write([tag]);
        _recipients.Write(text);
        _recipients.Write("\0"u8);
    }
}

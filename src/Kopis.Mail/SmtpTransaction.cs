namespace Kopis.Mail;

/// <summary>One message's envelope while it is being said.</summary>
internal sealed class SmtpTransaction
{
    private readonly EnvelopeText _envelope = new();
    private int _recipientsStart;

    /// <summary>Whether MAIL was said.</summary>
    internal bool IsOpen { get; private set; }

    /// <summary>Whether no mail is taken from the sender.</summary>
    internal bool SenderIsBad { get; private set; }

    /// <summary>Whether its message has begun to come, by BDAT.</summary>
    internal bool IsChunking { get; set; }

    /// <summary>Recipients so far.</summary>
    internal int Recipients { get; private set; }

    internal bool IsUtf8 { get; private set; }

    internal void Open(byte[] sender, bool isBad, MessageParameters parameters)
    {
        Forget();
        (IsOpen, SenderIsBad, IsUtf8) = (true, isBad, parameters.SmtpUtf8);
        _envelope.Add((byte)'F', sender);
        _envelope.AddParameters(parameters.IsEmpty ? [] : parameters.ToBytes());
        _recipientsStart = _envelope.Count;
    }

    /// <summary>Adds a recipient; false where it would be too much.</summary>
    internal bool TryAdd(ReadOnlySpan<byte> address, RecipientParameters parameters)
    {
        byte[] said = parameters.IsEmpty ? [] : parameters.ToBytes();
        if (_envelope.Count - _recipientsStart + address.Length + said.Length
            > SmtpLimits.RecipientsBytesMax)
        {
            return false;
        }

        _envelope.Add((byte)'T', address);
        _envelope.AddParameters(said);
        Recipients++;
        return true;
    }

    /// <summary>See <see cref="EnvelopeText"/>.</summary>
    internal byte[] ToEnvelope() => _envelope.ToBytes();

    internal void Forget()
    {
        IsOpen = IsUtf8 = IsChunking = false;
        Recipients = 0;
        _envelope.Clear();
    }
}

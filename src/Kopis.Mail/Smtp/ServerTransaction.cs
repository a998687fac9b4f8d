using Kopis.Mail.Addresses;
using Kopis.Mail.Dsn;

namespace Kopis.Mail.Smtp;

/// <summary>The envelope of one message as it arrives.</summary>
internal sealed class ServerTransaction
{
    private readonly EnvelopeText _envelope = new();
    private readonly EnvelopeRecipients _recipients;
    private readonly List<byte[]?> _locals = []; // Empty: equal to the address.

    internal ServerTransaction() => _recipients = new EnvelopeRecipients(_envelope);

    /// <summary>Whether MAIL was accepted.</summary>
    internal bool IsOpen { get; private set; }

    /// <summary>Whether mail from the sender is refused.</summary>
    internal bool SenderIsBad { get; private set; }

    /// <summary>The sender, while it is not known whether the user may send with it; otherwise
    /// null.</summary>
    internal byte[]? SenderInDoubt { get; private set; }

    /// <summary>The envelope sender.</summary>
    internal byte[] Sender { get; private set; } = [];

    /// <summary>Whether its message has begun to arrive by BDAT.</summary>
    internal bool IsChunking { get; set; }

    /// <summary>The number of different recipients so far.</summary>
    internal int Recipients => _recipients.Count;

    internal bool IsUtf8 { get; private set; }

    internal void Open(
        byte[] sender, bool isBad, bool isInDoubt, MessageParameters parameters)
    {
        Forget();
        SenderInDoubt = isInDoubt ? sender : null;
        Sender = sender;
        (IsOpen, SenderIsBad, IsUtf8) = (true, isBad, parameters.SmtpUtf8);
        _envelope.Add((byte)'F', sender);
        _envelope.AddParameters(parameters.IsEmpty ? [] : parameters.ToBytes());
    }

    /// <summary>Records that the user may send with the sender.</summary>
    internal void TrustSender() => SenderInDoubt = null;

    /// <summary>Whether the recipient was named before. It may be named again, and counts once.
    /// </summary>
    internal bool Has(ReadOnlySpan<byte> address) => _recipients.Find(address) >= 0;

    /// <summary>Adds a recipient; false if that exceeds a limit.</summary>
    internal bool TryAdd(
        RoutedRecipient recipient, RecipientParameters parameters, int bytesMax)
    {
        byte[] address = recipient.Address;
        int known = _recipients.Find(address);
        if (known >= 0)
        {
            if (!parameters.IsEmpty || !_recipients.ParametersAt(known).IsEmpty)
            {
                _recipients.SetParametersAt(
                    known, _recipients.ParametersAt(known).And(parameters));
            }

            return true;
        }

        byte[] said = parameters.IsEmpty ? [] : parameters.ToBytes();
        if (_recipients.Bytes + address.Length + said.Length > bytesMax)
        {
            return false;
        }

        _recipients.Add(address, [], said);
        _locals.Add(address.AsSpan().SequenceEqual(recipient.Local) ? [] : recipient.Local);
        return true;
    }

    /// <summary>The local addresses of the recipients, in order; null for one that is not delivered
    /// here.</summary>
    internal byte[]?[] Locals() =>
        [.. _recipients.ToList().Zip(_locals, (one, local) => local is [] ? one : local)];

    /// <summary>Suppresses all reports on a recipient.</summary>
    /// <param name="number">The index of the recipient, from 0.</param>
    internal void Silence(int number)
    {
        int at = _recipients.Nth(number);
        _recipients.SetParametersAt(
            at, _recipients.ParametersAt(at) with { Notify = NotifyOn.Never });
    }

    /// <summary>See <see cref="EnvelopeText"/>.</summary>
    internal byte[] ToEnvelope() => _envelope.ToBytes();

    internal void Forget()
    {
        IsOpen = IsUtf8 = IsChunking = false;
        _recipients.Clear();
        _locals.Clear();
        _envelope.Clear();
    }
}

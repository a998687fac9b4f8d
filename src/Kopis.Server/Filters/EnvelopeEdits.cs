using Kopis.Base;
using Kopis.Mail.Dsn;
using Kopis.Mail.Filtering;
using Kopis.Queue.Store.Messages;

namespace Kopis.Server.Filters;

/// <summary>Applies filters' changes to an envelope. Pure.</summary>
internal static class EnvelopeEdits
{
    /// <summary>Applies a filter's changes of sender and recipients.</summary>
    /// <param name="envelope">A whole envelope.</param>
    /// <param name="changes">The changes.</param>
    /// <returns>The new envelope, which may have no recipients.</returns>
    internal static byte[] Apply(byte[] envelope, MessageChanges changes)
    {
        Envelope old = new(envelope);
        List<EnvelopeRecipient> recipients = [.. old.RecipientsWithParameters];
        foreach (RecipientEdit edit in changes.Recipients)
        {
            if (!edit.IsAdded)
            {
                recipients.RemoveAll(one => Address.AreSame(one.Address.Span, edit.Address));
            }
            else if (!recipients.Exists(one => Address.AreSame(one.Address.Span, edit.Address)))
            {
                recipients.Add(new EnvelopeRecipient(edit.Address, edit.Parameters.ToBytes()));
            }
        }

        return Format(changes.Sender ?? old.Sender.ToArray(), old, recipients);
    }

    /// <summary>The envelope of a message that only one address gets, without notifications.
    /// </summary>
    internal static byte[] Only(byte[] envelope, byte[] address)
    {
        Envelope old = new(envelope);
        RecipientParameters quiet = new() { Notify = NotifyOn.Never };
        return Format(
            old.Sender.ToArray(), old, [new EnvelopeRecipient(address, quiet.ToBytes())]);
    }

    /// <summary>Whether the envelope has recipients.</summary>
    internal static bool HasRecipients(byte[] envelope) => new Envelope(envelope).Recipients.Any();

    private static byte[] Format(
        byte[] sender, Envelope old, IEnumerable<EnvelopeRecipient> recipients)
    {
        _ = MessageParameters.TryParse(old.Parameters.Span, out MessageParameters parameters);
        return Envelope.Format(sender, parameters, recipients);
    }
}

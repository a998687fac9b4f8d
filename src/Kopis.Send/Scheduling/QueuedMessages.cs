using Kopis.Config.Maps;
using Kopis.Queue.Store.Messages;
using Kopis.Send.Bounces;

namespace Kopis.Send.Scheduling;

/// <summary>Makes the message that qmail-send keeps in memory from one that was read.</summary>
internal sealed class QueuedMessages(AddressMap addresses, LongEnvelopes envelopes)
{
    /// <exception cref="OverflowException">Its addresses are too long for memory.</exception>
    internal QueuedMessage Of(ArrivedMessage arrived) =>
        arrived.UnreadEnvelopeBytes > 0 ? ToLongMessage(arrived) : ToMessage(arrived);

    /// <summary>Forgets the channels of recipients, which may be different now.</summary>
    internal void ForgetRoutes() => envelopes.Forget();

    private LongMessage ToLongMessage(ArrivedMessage arrived) => new(arrived, envelopes)
    {
        HasOwnFile = arrived.HasOwnFile,
        Uid = arrived.Uid,
        Client = arrived.Client,
        RecordEnd = (uint)arrived.RecordEnd,
    };

    private WholeMessage ToMessage(ArrivedMessage arrived)
    {
        List<(byte[], DeliveryChannel)> recipients = [];
        foreach (ReadOnlyMemory<byte> recipient in arrived.Envelope.Recipients)
        {
            byte[] address = addresses.Route(recipient.Span, out bool isLocal);
            recipients.Add(
                (address, isLocal ? DeliveryChannel.Local : DeliveryChannel.Remote));
        }

        return new WholeMessage(
            arrived.Number, arrived.BornSeconds, arrived.Envelope.Sender.Span, recipients,
            ParameterTable.Of(arrived.Envelope))
        {
            HasOwnFile = arrived.HasOwnFile,
            Uid = arrived.Uid,
            Client = arrived.Client,
            RecordEnd = (uint)arrived.RecordEnd,
        };
    }
}

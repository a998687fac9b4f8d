namespace Kopis.Local;

/// <summary>One delivery that qmail-lspawn orders.</summary>
/// <param name="Id">What the answer is to be marked with.</param>
/// <param name="Request">What to deliver to whom.</param>
/// <param name="OwnFile">Whether the message is the next descriptor and not in the frame.</param>
/// <param name="Body">The message, where it is in the frame.</param>
internal sealed record DeliveryOrder(
    uint Id, DeliveryRequest Request, bool OwnFile, ReadOnlyMemory<byte> Body);

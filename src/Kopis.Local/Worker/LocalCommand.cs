namespace Kopis.Local.Worker;

/// <summary>An order for one delivery, from the half of qmail-lspawn that talks.</summary>
/// <param name="Id">The id of its grant; the answer has the same id.</param>
/// <param name="OwnFile">Whether the message is the next descriptor, and not in the frame.</param>
/// <param name="Sender">The envelope sender.</param>
/// <param name="Body">The message, if it is in the frame.</param>
internal sealed record LocalCommand(
    uint Id, bool OwnFile, byte[] Sender, ReadOnlyMemory<byte> Body);

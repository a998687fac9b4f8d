namespace Kopis.Local.Worker;

/// <summary>One delivery as the half of qmail-lspawn that talks orders it.</summary>
/// <param name="Id">The grant that it goes by; its answer is marked with the same.</param>
/// <param name="OwnFile">Whether the message is the next descriptor and not in the frame.</param>
/// <param name="Sender">The envelope sender.</param>
/// <param name="Body">The message, where it is in the frame.</param>
internal sealed record LocalCommand(
    uint Id, bool OwnFile, byte[] Sender, ReadOnlyMemory<byte> Body);

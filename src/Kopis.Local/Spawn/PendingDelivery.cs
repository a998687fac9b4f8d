namespace Kopis.Local.Spawn;

/// <summary>A delivery for which root is asked, or that waits to be sent.</summary>
/// <param name="Slot">qmail-send's number for it.</param>
/// <param name="User">Whose it is where users share places.</param>
/// <param name="Frame">The order (<see cref="Local.Worker.LocalChannel"/>).</param>
/// <param name="File">The message, where it goes as a descriptor; closed when it is sent. Minus
/// one: it is in the frame.</param>
internal readonly record struct PendingDelivery(byte Slot, string User, byte[] Frame, int File);

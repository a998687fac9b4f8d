namespace Kopis.Local.Spawn;

/// <summary>A delivery that waits for root's answer, or to be sent.</summary>
/// <param name="Slot">qmail-send's number for it.</param>
/// <param name="User">The user whose slots it counts against.</param>
/// <param name="Frame">The order (<see cref="Local.Worker.LocalChannel"/>).</param>
/// <param name="File">The message, if it is passed as a descriptor; closed when it is sent. Minus
/// one: the message is in the frame.</param>
internal readonly record struct PendingDelivery(byte Slot, string User, byte[] Frame, int File);

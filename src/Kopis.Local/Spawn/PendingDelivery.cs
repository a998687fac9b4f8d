using Kopis.Queue.Store.Messages;

namespace Kopis.Local.Spawn;

/// <summary>A delivery for which root is asked, or that waits to be sent.</summary>
/// <param name="Slot">qmail-send's number for it.</param>
/// <param name="User">Whose it is where users share places.</param>
/// <param name="Frame">The order (<see cref="Local.Worker.LocalChannel"/>).</param>
/// <param name="OwnFile">The message, where its descriptor goes too; to be closed after.</param>
internal readonly record struct PendingDelivery(
    byte Slot, string User, byte[] Frame, QueuedBody? OwnFile);

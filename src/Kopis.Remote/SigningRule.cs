using Kopis.Mail.Authentication;
using Kopis.Queue.Store.Messages;

namespace Kopis.Remote;

/// <summary>Decides which messages this host signs: those that a user or the host itself submitted,
/// and none that it only passes on (docs/decisions/dkim.md).</summary>
internal static class SigningRule
{
    /// <summary>Whether a message may be signed.</summary>
    /// <param name="origin">Where the message came from, as the queue writer recorded it.</param>
    /// <param name="header">The header, with the queue's own Received line first.</param>
    /// <remarks>A delivery writes Delivered-To before what it passes on, and every network server
    /// writes a Received line; the sender of a message cannot prevent either. A program in a .qmail
    /// file that queues the message again keeps the Received lines.</remarks>
    internal static bool IsOwn(MessageOrigin origin, MessageHeader header) => origin switch
    {
        MessageOrigin.Bounce => true,
        MessageOrigin.Submitted => header.Count("Delivered-To"u8) == 0,
        MessageOrigin.Local =>
            header.Count("Delivered-To"u8) == 0 && header.Count("Received"u8) == 1,
        _ => false,
    };

    /// <summary>The same for a message that is not read yet. One whose header cannot be read is not
    /// signed.</summary>
    /// <exception cref="IOException">The message cannot be read.</exception>
    internal static bool IsOwn(MessageOrigin origin, IRemoteMessage message) =>
        origin == MessageOrigin.Bounce
        || (origin is MessageOrigin.Local or MessageOrigin.Submitted
            && !ForwardedParts.Find(origin, message));

    /// <summary>Whether a delivery on this host, or a program that it ran, has queued a message
    /// again: such a message would leave with its original sender. Mail from the network that was
    /// never delivered here goes to a host whose owner knows this host.</summary>
    internal static bool IsForwarded(MessageOrigin origin, MessageHeader header) =>
        origin is MessageOrigin.Local or MessageOrigin.Submitted && !IsOwn(origin, header);
}

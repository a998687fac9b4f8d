using Kopis.Mail.Authentication;
using Kopis.Queue.Store.Messages;

namespace Kopis.Remote;

/// <summary>Which messages this host signs: what a user or the host itself submitted, and nothing
/// that it only passes on (docs/decisions/dkim.md).</summary>
internal static class SigningRule
{
    /// <summary>Whether a message may be signed.</summary>
    /// <param name="origin">Where it came from, as the queue writer recorded it.</param>
    /// <param name="header">Its header, the queue's own Received line first.</param>
    /// <remarks>A delivery writes Delivered-To before what it passes on, and every network server
    /// a Received line: neither can be kept off by who sent the message. A program that is given a
    /// message by a .qmail file and hands it in again leaves the Received lines.</remarks>
    internal static bool IsOwn(MessageOrigin origin, MessageHeader header) => origin switch
    {
        MessageOrigin.Bounce => true,
        MessageOrigin.Submitted => header.Count("Delivered-To"u8) == 0,
        MessageOrigin.Local =>
            header.Count("Delivered-To"u8) == 0 && header.Count("Received"u8) == 1,
        _ => false,
    };

    /// <summary>The same of a message that is still to be read. One whose header cannot be read is
    /// nobody's.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal static bool IsOwn(MessageOrigin origin, IRemoteMessage message) =>
        origin == MessageOrigin.Bounce
        || (origin is MessageOrigin.Local or MessageOrigin.Submitted
            && !ForwardedParts.Find(origin, message));

    /// <summary>Whether a delivery on this host, or a program that it ran, has handed a message in
    /// again: such a message leaves with the sender that it came with. Mail from the network that
    /// was never delivered here goes to a host whose owner knows this one.</summary>
    internal static bool IsForwarded(MessageOrigin origin, MessageHeader header) =>
        origin is MessageOrigin.Local or MessageOrigin.Submitted && !IsOwn(origin, header);
}

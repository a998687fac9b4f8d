using Kopis.Queue.Commands;

namespace Kopis.Web.Live;

/// <summary>A recipient in the queue, with its message.</summary>
internal sealed record QueueRow(ListedMessage Message, ListedRecipient Recipient);

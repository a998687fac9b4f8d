using Kopis.Queue.Commands;

namespace Kopis.Host.Queue;

/// <summary>Prints messages with their recipients.</summary>
internal interface IQueueView
{
    /// <summary>Recipients of it follow.</summary>
    void Message(ListedMessage message);

    void Recipient(ListedRecipient recipient);

    /// <summary>Nothing follows.</summary>
    void End();
}

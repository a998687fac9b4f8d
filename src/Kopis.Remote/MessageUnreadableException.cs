namespace Kopis.Remote;

/// <summary>Thrown if the queue's copy of the message cannot be read, which is not the server's
/// fault.</summary>
internal sealed class MessageUnreadableException(IOException inner)
    : Exception(inner.Message, inner);

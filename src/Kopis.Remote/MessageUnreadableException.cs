namespace Kopis.Remote;

/// <summary>The queue's copy cannot be read: not the server's fault.</summary>
internal sealed class MessageUnreadableException(IOException inner)
    : Exception(inner.Message, inner);

namespace Kopis.Queue.Store.Messages;

/// <summary>Thrown if there is no valid record with that number.</summary>
public sealed class MessageNotFoundException(ulong number, string reason)
    : IOException($"message {number}: {reason}");

namespace Kopis.Queue.Store.Messages;

/// <summary>There is no sound record of that number.</summary>
public sealed class MessageNotFoundException(ulong number, string reason)
    : IOException($"message {number}: {reason}");

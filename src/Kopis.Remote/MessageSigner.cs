using System.Buffers;
using Kopis.Mail.Authentication;
using Kopis.Net.Dkim;
using Kopis.Queue.Store.Messages;

namespace Kopis.Remote;

/// <summary>Signs messages of the queue (RFC 6376), each once: all deliveries of a message share
/// its signatures, including most later ones. May be used from many threads.</summary>
/// <param name="keys">The keys.</param>
/// <param name="time">The clock, for the dates of keys.</param>
internal sealed class MessageSigner(DkimKeyDirectory keys, TimeProvider time)
{
    private const int KeptMax = 1024; // Two signatures take 2 KiB.
    private const int PieceBytes = 64 * 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, Task<MessageSignature>> _tasks = [];
    private readonly Queue<ulong> _order = new();

    /// <summary>The signatures of a message; they are made if there are none yet.</summary>
    /// <param name="body">The message, which must stay open until the task is over.</param>
    /// <exception cref="IOException">The message cannot be read.</exception>
    internal Task<MessageSignature> SignAsync(QueuedBody body) =>
        body.Origin == MessageOrigin.Network
            ? Task.FromResult(MessageSignature.None)
            : SignAsync(body.Number, () => SignQueued(body));

    /// <summary>The same for a message from another source.</summary>
    /// <param name="number">Identifies the message.</param>
    /// <param name="sign">Signs it; runs on a thread of the pool.</param>
    internal Task<MessageSignature> SignAsync(ulong number, Func<MessageSignature> sign)
    {
        lock (_lock)
        {
            if (_tasks.TryGetValue(number, out Task<MessageSignature>? known) && IsGood(known))
            {
                return known;
            }

            if (known is null)
            {
                _order.Enqueue(number);
            }

            while (_order.Count > KeptMax)
            {
                _tasks.Remove(_order.Dequeue());
            }

            return _tasks[number] = Task.Run(sign); // This takes a while: up to seconds.
        }
    }

    /// <summary>Signs a message.</summary>
    /// <param name="origin">Where it came from.</param>
    /// <param name="signed">The value of t=: when the message was queued, so that signing it again
    /// gives the same result.</param>
    /// <param name="message">Its bytes.</param>
    internal MessageSignature Sign(
        MessageOrigin origin, DateTimeOffset signed, IRemoteMessage message)
    {
        using SigningParts parts = new(origin, keys, time.GetUtcNow());
        MessageReader reader = new(parts);
        byte[] block = ArrayPool<byte>.Shared.Rent(PieceBytes);
        try
        {
            int got;
            for (long at = 0; !parts.IsOver && (got = message.Read(at, block)) > 0; at += got)
            {
                reader.Read(block.AsSpan(0, got));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }

        if (!parts.IsOver)
        {
            reader.End();
        }

        if (parts.IsKept)
        {
            return new MessageSignature([], parts.Author, parts.Keys, parts.Keys!.Faults[0]);
        }

        ArrayBufferWriter<byte> fields = new();
        return parts.Signer?.Sign(parts.SigningKeys, signed, lifetime: null, fields) == true
            ? new MessageSignature(fields.WrittenSpan.ToArray(), parts.Author, parts.Keys, null)
            : new MessageSignature([], parts.Author, parts.Keys, null);
    }

    private MessageSignature SignQueued(QueuedBody body) =>
        Sign(body.Origin, body.Arrived, new QueuedRemoteMessage(body));

    /// <summary>Whether a result may still be used: one that is being made; one made with keys that
    /// have not changed since; or an empty one because its author has no keys. If there are keys
    /// but none of them can sign now, the message is checked again, which reads its header.
    /// </summary>
    private bool IsGood(Task<MessageSignature> task) =>
        !task.IsCompleted
        || (task.IsCompletedSuccessfully && task.Result is { Fault: null } made
            && (made.Fields.Length > 0 || made.Keys is null)
            && (made.Author.Length == 0 || ReferenceEquals(keys.Find(made.Author), made.Keys)));
}

namespace Kopis.Queue.QmailFormat;

/// <summary>One message of a qmail queue, as its files describe it.</summary>
internal sealed class QmailMessage
{
    internal required ulong Number { get; init; }

    /// <summary>The file of the text, relative to the queue. It includes the queue's Received line.
    /// </summary>
    internal required string MessPath { get; init; }

    /// <summary>The length of the text in bytes when the queue was read.</summary>
    internal required long MessBytes { get; init; }

    /// <summary>The failures, for the bounce; empty if there are none.</summary>
    internal required byte[] Failures { get; init; }

    /// <summary>The start of the retry schedule and of the lifetime.</summary>
    internal required DateTimeOffset Born { get; init; }

    internal required byte[] Sender { get; init; }

    /// <summary>The recipients as qmail-queue got them, of a message that qmail-send had not
    /// processed.</summary>
    internal required IReadOnlyList<byte[]> Unrouted { get; init; }

    /// <summary>The remaining recipients on the local channel, as rewritten for it.</summary>
    internal required IReadOnlyList<byte[]> Local { get; init; }

    /// <summary>The remaining recipients on the remote channel, as rewritten for it.</summary>
    internal required IReadOnlyList<byte[]> Remote { get; init; }
}

namespace Kopis.Queue.QmailFormat;

/// <summary>One message of a qmail queue, as its files say.</summary>
internal sealed class QmailMessage
{
    internal required ulong Number { get; init; }

    /// <summary>The text's file, relative to the queue: with the queue's Received line.</summary>
    internal required string MessPath { get; init; }

    /// <summary>Its length in bytes when the queue was looked at.</summary>
    internal required long MessBytes { get; init; }

    /// <summary>What failed, for the bounce; empty if nothing did.</summary>
    internal required byte[] Failures { get; init; }

    /// <summary>On which retry schedule and lifetime are based.</summary>
    internal required DateTimeOffset Born { get; init; }

    internal required byte[] Sender { get; init; }

    /// <summary>As they were given to qmail-queue: of a message that nobody had looked at.
    /// </summary>
    internal required IReadOnlyList<byte[]> Unrouted { get; init; }

    /// <summary>What is left on the local channel, as rewritten for it.</summary>
    internal required IReadOnlyList<byte[]> Local { get; init; }

    /// <summary>What is left on the remote channel, as rewritten for it.</summary>
    internal required IReadOnlyList<byte[]> Remote { get; init; }
}

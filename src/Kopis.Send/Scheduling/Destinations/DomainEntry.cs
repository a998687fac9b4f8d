namespace Kopis.Send.Scheduling.Destinations;

/// <summary>What is known about the destination of a domain's mail, or of one sender's mail to the
/// domain.</summary>
/// <param name="key">The domain in lower case. In an entry for one sender, a NUL and the sender
/// follow.</param>
internal sealed class DomainEntry(byte[] key)
{
    internal byte[] Key { get; } = key;

    /// <summary>Null until it is known for the first time, or if it depends on the sender.
    /// </summary>
    internal Destination? Destination { get; set; }

    /// <summary>When the answer expires, in Unix milliseconds. After that the domain is asked
    /// again, and the old answer is used meanwhile.</summary>
    internal long Expires { get; set; }

    /// <summary>Whether each sender has an entry of its own.</summary>
    internal bool IsBySender { get; set; }

    /// <summary>Whether a question about it is sent, or waits to be sent.</summary>
    internal bool IsAsked { get; set; }

    /// <summary>The submitter that last wanted the answer while the question waited.</summary>
    internal ulong Asker { get; set; }

    /// <summary>The submitter whose question is sent; null if none is.</summary>
    internal AskerRow? AskedBy { get; set; }

    /// <summary>Whether the entry was used since the table was last full.</summary>
    internal bool IsUsed { get; set; }

    /// <summary>Whether the question was ever answered.</summary>
    internal bool IsKnown => Destination is not null || IsBySender;

    /// <summary>When the question was sent.</summary>
    internal long AskedAt { get; set; }

    /// <summary>Shares that wait for the answer; null if none do.</summary>
    internal List<Share>? Waiting { get; set; }

    internal bool IsSender => Key.AsSpan().Contains((byte)0);

    internal ReadOnlySpan<byte> Domain
    {
        get
        {
            int end = Key.AsSpan().IndexOf((byte)0);
            return end < 0 ? Key : Key.AsSpan(0, end);
        }
    }

    /// <summary>The name of the domain as a destination of its own.</summary>
    internal string OwnName => $"domain {RemoteAddress.Printable(Domain)}";

    /// <summary>The sender whose mail the entry is about; in the domain's own entry, the last
    /// sender that needed it.</summary>
    internal byte[] Sender { get; set; } = [];
}

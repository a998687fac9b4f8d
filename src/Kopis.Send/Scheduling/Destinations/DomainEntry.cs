namespace Kopis.Send.Scheduling.Destinations;

/// <summary>What is known of a domain's destination; or of a domain's for one sender.</summary>
/// <param name="key">The domain in lower case; and behind a NUL the sender.</param>
internal sealed class DomainEntry(byte[] key)
{
    internal byte[] Key { get; } = key;

    /// <summary>Null until it is known for the first time, or where it depends on the sender.
    /// </summary>
    internal Destination? Destination { get; set; }

    /// <summary>Until then, in Unix milliseconds; afterwards it is asked again and used meanwhile.
    /// </summary>
    internal long Expires { get; set; }

    /// <summary>Each sender has an entry of its own.</summary>
    internal bool IsBySender { get; set; }

    /// <summary>A question is out, or waits to be.</summary>
    internal bool IsAsked { get; set; }

    /// <summary>Who was the last to want the answer while the question waited.</summary>
    internal ulong Asker { get; set; }

    /// <summary>Whose question is out; null where none is.</summary>
    internal AskerRow? AskedBy { get; set; }

    /// <summary>Wanted again since the table was last full.</summary>
    internal bool IsUsed { get; set; }

    /// <summary>It was answered, once.</summary>
    internal bool IsKnown => Destination is not null || IsBySender;

    /// <summary>When the question went out.</summary>
    internal long AskedAt { get; set; }

    /// <summary>Shares that wait for the answer; null where none does.</summary>
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

    /// <summary>The domain as a destination of its own.</summary>
    internal string OwnName => $"domain {RemoteAddress.Printable(Domain)}";

    /// <summary>The sender whose mail it is about; for a domain's own entry the last one who
    /// wanted it.</summary>
    internal byte[] Sender { get; set; } = [];
}

namespace Kopis.Net.Dns;

/// <summary>An answer of DNS.</summary>
/// <param name="Status">How far it can be believed.</param>
/// <param name="Records">The records.</param>
/// <param name="Seconds">How long they are good: the shortest time to live; 0 where unknown.
/// </param>
public readonly record struct DnsAnswer<T>(
    DnsStatus Status, IReadOnlyList<T> Records, int Seconds = 0)
{
    /// <summary>A resolver of this host has checked its signatures (DNSSEC), or those of its
    /// having no such records.</summary>
    public bool IsSecure { get; init; }
}

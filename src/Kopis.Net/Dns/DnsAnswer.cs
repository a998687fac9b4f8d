namespace Kopis.Net.Dns;

/// <summary>A DNS answer.</summary>
/// <param name="Status">What the answer says.</param>
/// <param name="Records">The records.</param>
/// <param name="Seconds">For how many seconds they are valid: the shortest time to live; 0 if not
/// known.</param>
public readonly record struct DnsAnswer<T>(
    DnsStatus Status, IReadOnlyList<T> Records, int Seconds = 0)
{
    /// <summary>Whether a resolver on this host has verified the signatures (DNSSEC) of the
    /// records, or of the proof that there are none.</summary>
    public bool IsSecure { get; init; }
}

namespace Kopis.Net.Dns;

/// <summary>An answer of DNS.</summary>
public readonly record struct DnsAnswer<T>(DnsStatus Status, IReadOnlyList<T> Records);

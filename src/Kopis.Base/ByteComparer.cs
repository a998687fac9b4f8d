using System.Diagnostics.CodeAnalysis;

namespace Kopis.Base;

/// <summary>Keys that are bytes, looked up by a span without a copy. The hash has a random number
/// of the process, so a stranger cannot choose keys that collide.</summary>
public sealed class ByteComparer
    : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    /// <summary>The one there is.</summary>
    public static ByteComparer Instance { get; } = new();

    /// <inheritdoc/>
    public bool Equals(byte[]? left, byte[]? right) => left.AsSpan().SequenceEqual(right);

    /// <inheritdoc/>
    public int GetHashCode([DisallowNull] byte[] bytes) => GetHashCode(bytes.AsSpan());

    /// <inheritdoc/>
    public bool Equals(ReadOnlySpan<byte> left, byte[] right) => left.SequenceEqual(right);

    /// <inheritdoc/>
    public int GetHashCode(ReadOnlySpan<byte> bytes)
    {
        HashCode hash = default;
        hash.AddBytes(bytes);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public byte[] Create(ReadOnlySpan<byte> bytes) => bytes.ToArray();
}

using System.Diagnostics.CodeAnalysis;

namespace Kopis.Base;

/// <summary>Compares keys that are bytes; a span finds a key without a copy. The hash includes a
/// random number of the process, so a stranger cannot choose keys that collide.</summary>
public sealed class ByteComparer
    : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
{
    /// <summary>The only instance.</summary>
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

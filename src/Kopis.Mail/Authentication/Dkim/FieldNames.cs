using System.Security.Cryptography;
using Kopis.Base;

namespace Kopis.Mail.Authentication.Dkim;

/// <summary>Names of fields as keys: the case of letters does not count.</summary>
internal sealed class FieldNames : IEqualityComparer<ReadOnlyMemory<byte>>
{
    // FNV-1a begins with a number that no sender knows, so that none can choose names that meet.
    private static readonly uint Seed = BitConverter.ToUInt32(
        RandomNumberGenerator.GetBytes(sizeof(uint)));

    private FieldNames()
    {
    }

    /// <summary>The one there is.</summary>
    internal static FieldNames Instance { get; } = new();

    /// <inheritdoc/>
    public bool Equals(ReadOnlyMemory<byte> x, ReadOnlyMemory<byte> y) =>
        Ascii8.EqualsIgnoreCase(x.Span, y.Span);

    /// <inheritdoc/>
    public int GetHashCode(ReadOnlyMemory<byte> obj)
    {
        uint hash = Seed;
        foreach (byte one in obj.Span)
        {
            hash = (hash ^ Ascii8.ToLower(one)) * 16777619;
        }

        return (int)hash;
    }
}

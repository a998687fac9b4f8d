using Kopis.Base;

namespace Kopis.Mail.Authentication.Dkim;

/// <summary>Names of fields as keys: the case of letters does not count.</summary>
internal sealed class FieldNames : IEqualityComparer<ReadOnlyMemory<byte>>
{
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
        uint hash = 2166136261; // FNV-1a: a header has at most 1,000 names, chosen badly or not.
        foreach (byte one in obj.Span)
        {
            hash = (hash ^ Ascii8.ToLower(one)) * 16777619;
        }

        return (int)hash;
    }
}

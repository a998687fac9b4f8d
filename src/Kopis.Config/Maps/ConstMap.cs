using System.Diagnostics.CodeAnalysis;
using Kopis.Base;

namespace Kopis.Config.Maps;

/// <summary>
/// A list control file as a set or map: ASCII case does not matter, the last duplicate wins, a
/// <c>key:value</c> line without a colon is ignored (contract §2.1, trap 28).
/// </summary>
public sealed class ConstMap
{
    private readonly Dictionary<string, byte[]> _values = new(StringComparer.Ordinal);

    private ConstMap()
    {
    }

    /// <summary>Lines that are keys alone: <c>locals</c>, <c>rcpthosts</c>.</summary>
    public static ConstMap Set(IEnumerable<byte[]> lines)
    {
        ConstMap map = new();
        foreach (byte[] line in lines)
        {
            map._values[Key(line)] = [];
        }

        return map;
    }

    /// <summary>Lines <c>key:value</c>, split at the first colon.</summary>
    public static ConstMap KeyValue(IEnumerable<byte[]> lines)
    {
        ConstMap map = new();
        foreach (byte[] line in lines)
        {
            int colon = line.AsSpan().IndexOf((byte)':');
            if (colon >= 0)
            {
                map._values[Key(line.AsSpan(0, colon))] = line[(colon + 1)..];
            }
        }

        return map;
    }

    /// <summary>Whether the key is there.</summary>
    public bool Contains(ReadOnlySpan<byte> key) => TryGet(key, out _);

    /// <summary>The key's value; empty for a set.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, [NotNullWhen(true)] out byte[]? value)
    {
        // Called for each recipient of each message: it allocates no string.
        Span<char> lower = key.Length <= 256 ? stackalloc char[key.Length] : new char[key.Length];
        for (int i = 0; i < key.Length; i++)
        {
            lower[i] = (char)Ascii8.ToLower(key[i]);
        }

        return _values.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(lower, out value);
    }

    private static string Key(ReadOnlySpan<byte> key) => ByteText.ToText(Ascii8.ToLower(key));
}

using System.Buffers;
using System.Security.Cryptography;
using Kopis.Base;

namespace Kopis.Mail.Authentication.Dkim;

/// <summary>The hash of the fields that a signature covers (RFC 6376 §3.7, §5.4.2).</summary>
internal sealed class SignedHeader(MessageHeader header)
{
    // The places of the fields of a name, from the bottom.
    private readonly Dictionary<string, List<int>> _places = PlacesIn(header);

    /// <summary>Hashes the fields that names select, each name the lowest field of it that is not
    /// yet taken, and the signature's own field without its value.</summary>
    internal byte[] Hash(
        IReadOnlyList<byte[]> names,
        ReadOnlySpan<byte> ownField,
        int ownValueStart,
        CanonicalForm form)
    {
        ArrayBufferWriter<byte> bytes = new();
        Dictionary<string, int> taken = [];
        foreach (byte[] name in names)
        {
            string key = KeyOf(name);
            int count = taken.GetValueOrDefault(key);
            if (_places.TryGetValue(key, out List<int>? places) && count < places.Count)
            {
                HeaderField one = header.Fields[places[count]];
                CanonicalHeader.Write(one.Raw.Span, one.ValueStart, form, bytes);
                bytes.Write("\r\n"u8);
                taken[key] = count + 1;
            }
        }

        CanonicalHeader.Write(ownField, ownValueStart, form, bytes);
        return SHA256.HashData(bytes.WrittenSpan);
    }

    /// <summary>How many fields of a name there are.</summary>
    internal int Count(string name) => _places.TryGetValue(name, out List<int>? p) ? p.Count : 0;

    private static string KeyOf(ReadOnlySpan<byte> name) =>
        ByteText.ToText(name).ToLowerInvariant();

    private static Dictionary<string, List<int>> PlacesIn(MessageHeader header)
    {
        Dictionary<string, List<int>> places = [];
        for (int i = header.Fields.Count - 1; i >= 0; i--)
        {
            string key = KeyOf(header.Fields[i].Name);
            if (!places.TryGetValue(key, out List<int>? list))
            {
                places[key] = list = [];
            }

            list.Add(i);
        }

        return places;
    }
}

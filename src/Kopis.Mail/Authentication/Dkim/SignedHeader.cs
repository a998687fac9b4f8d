using System.Buffers;
using System.Security.Cryptography;
using Kopis.Base;

namespace Kopis.Mail.Authentication.Dkim;

/// <summary>The hash of the fields that a signature covers (RFC 6376 §3.7, §5.4.2).</summary>
internal sealed class SignedHeader : IDisposable
{
    private readonly MessageHeader _header;

    // The lowest field of each name, and for each field the next one of its name above it, or -1.
    private readonly Dictionary<ReadOnlyMemory<byte>, int> _lowest;
    private readonly int[] _above;
    private readonly PooledBuffer _bytes = new();

    internal SignedHeader(MessageHeader header)
    {
        _header = header;
        _above = new int[header.Fields.Count];
        _lowest = new Dictionary<ReadOnlyMemory<byte>, int>(_above.Length, FieldNames.Instance);
        for (int i = 0; i < _above.Length; i++)
        {
            HeaderField field = header.Span[i];
            ReadOnlyMemory<byte> name = field.Raw[..field.Name.Length];
            _above[i] = _lowest.TryGetValue(name, out int last) ? last : -1;
            _lowest[name] = i;
        }
    }

    /// <summary>Hashes the fields that names select, each name the lowest field of it that is not
    /// yet taken, and the signature's own field without its value.</summary>
    internal byte[] Hash(
        IReadOnlyList<byte[]> names,
        ReadOnlySpan<byte> ownField,
        int ownValueStart,
        CanonicalForm form)
    {
        _bytes.Clear();
        int[] next = ArrayPool<int>.Shared.Rent(_above.Length + 1); // By the lowest field's place.
        Array.Fill(next, int.MinValue, 0, _above.Length);
        for (int i = 0; i < names.Count; i++)
        {
            if (!_lowest.TryGetValue(names[i], out int lowest))
            {
                continue;
            }

            int place = next[lowest] == int.MinValue ? lowest : next[lowest];
            if (place >= 0)
            {
                HeaderField one = _header.Span[place];
                CanonicalHeader.Write(one.Raw.Span, one.ValueStart, form, _bytes);
                _bytes.Write("\r\n"u8);
                next[lowest] = _above[place];
            }
        }

        ArrayPool<int>.Shared.Return(next);
        CanonicalHeader.Write(ownField, ownValueStart, form, _bytes);
        return SHA256.HashData(_bytes.Written.Span);
    }

    /// <inheritdoc/>
    public void Dispose() => _bytes.Dispose();

    /// <summary>How many fields of a name there are.</summary>
    internal int Count(byte[] name)
    {
        int count = 0;
        for (int i = _lowest.GetValueOrDefault(name, -1); i >= 0; i = _above[i])
        {
            count++;
        }

        return count;
    }
}

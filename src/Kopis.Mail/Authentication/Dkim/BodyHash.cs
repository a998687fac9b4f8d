using System.Buffers;
using System.Security.Cryptography;

namespace Kopis.Mail.Authentication.Dkim;

/// <summary>
/// SHA-256 of a canonical body, and of as many of its beginnings as signatures ask for (l=), in
/// one pass however many they are.
/// </summary>
/// <param name="lengths">The lengths in bytes whose hashes are wanted.</param>
internal sealed class BodyHash(IEnumerable<long> lengths) : IDisposable
{
    private const int BufferBytes = 8192;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly long[] _lengths = [.. lengths.Distinct().Order()];
    private readonly Dictionary<long, byte[]> _hashes = [];
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int _used;
    private int _next;

    /// <summary>How many canonical bytes there are so far.</summary>
    internal long Length { get; private set; }

    /// <summary>Adds canonical bytes.</summary>
    internal void Append(ReadOnlySpan<byte> bytes)
    {
        while (_next < _lengths.Length && _lengths[_next] <= Length + bytes.Length)
        {
            int part = (int)(_lengths[_next] - Length);
            Add(bytes[..part]);
            bytes = bytes[part..];
            Flush();
            _hashes[_lengths[_next++]] = _hash.GetCurrentHash();
        }

        Add(bytes);
    }

    /// <summary>Adds a CRLF.</summary>
    internal void AppendLineEnd() => Append("\r\n"u8);

    /// <summary>Brings what is buffered into the hash.</summary>
    internal void Flush()
    {
        _hash.AppendData(_buffer, 0, _used);
        _used = 0;
    }

    /// <summary>The hash of the whole, or of its first bytes.</summary>
    /// <returns>Null where the body is shorter than that (RFC 6376 §3.5, l=).</returns>
    internal byte[]? Get(long? length)
    {
        if (length is 0)
        {
            return SHA256.HashData([]);
        }

        return length is { } some ? _hashes.GetValueOrDefault(some) : _hash.GetCurrentHash();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hash.Dispose();
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        if (_used + bytes.Length > BufferBytes)
        {
            Flush();
            if (bytes.Length >= BufferBytes)
            {
                _hash.AppendData(bytes);
                return;
            }
        }

        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }
}

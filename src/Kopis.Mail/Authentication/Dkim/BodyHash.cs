using System.Buffers;
using System.Security.Cryptography;

namespace Kopis.Mail.Authentication.Dkim;

/// <summary>The SHA-256 of a canonical body, and of as many of its beginnings as signatures ask for
/// (l=), in one pass. A body that fits into the buffer is hashed at once.</summary>
/// <param name="lengths">The lengths of the beginnings to hash, in bytes.</param>
internal sealed class BodyHash(ReadOnlySpan<long> lengths) : IDisposable
{
    private const int BufferBytes = 16 * 1024;

    private readonly long[] _lengths = InOrder(lengths);
    private readonly Dictionary<long, byte[]> _hashes = [];
    private IncrementalHash? _hash; // Of what came before the buffer.
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
    private int _used;
    private int _next;

    /// <summary>The number of canonical bytes so far.</summary>
    internal long Length { get; private set; }

    /// <summary>Adds canonical bytes.</summary>
    internal void Append(ReadOnlySpan<byte> bytes)
    {
        while (_next < _lengths.Length && _lengths[_next] <= Length + bytes.Length)
        {
            int part = (int)(_lengths[_next] - Length);
            Add(bytes[..part]);
            bytes = bytes[part..];
            _hashes[_lengths[_next++]] = Current();
        }

        Add(bytes);
    }

    /// <summary>Adds a CRLF.</summary>
    internal void AppendLineEnd() => Append("\r\n"u8);

    /// <summary>The hash of the whole body, or of its first bytes.</summary>
    /// <returns>Null if the body is shorter than that (RFC 6376 §3.5, l=).</returns>
    internal byte[]? Get(long? length)
    {
        if (length is 0)
        {
            return SHA256.HashData([]);
        }

        return length is { } some ? _hashes.GetValueOrDefault(some) : Current();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hash?.Dispose();
        byte[] buffer = _buffer;
        _buffer = [];
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static long[] InOrder(ReadOnlySpan<long> lengths) =>
        lengths.IsEmpty ? [] : [.. lengths.ToArray().Distinct().Order()];

    /// <summary>The hash of the bytes so far.</summary>
    private byte[] Current()
    {
        if (_hash is null)
        {
            return SHA256.HashData(_buffer.AsSpan(0, _used));
        }

        Flush();
        return _hash.GetCurrentHash();
    }

    private void Flush()
    {
        _hash ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        _hash.AppendData(_buffer, 0, _used);
        _used = 0;
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        if (_used + bytes.Length > BufferBytes)
        {
            Flush();
            if (bytes.Length >= BufferBytes)
            {
                _hash!.AppendData(bytes);
                return;
            }
        }

        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }
}

using System.Buffers.Binary;

namespace Kopis.Queue.Commands;

/// <summary>Reads the fields of a frame in order. A missing field reads as zero, and
/// <see cref="IsSound"/> is then false.</summary>
internal ref struct QueueFieldReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;
    private bool _isShort;

    /// <summary>Whether all fields were there, and nothing is left.</summary>
    internal readonly bool IsSound => !_isShort && _rest.IsEmpty;

    internal readonly bool HasMore => !_isShort && !_rest.IsEmpty;

    internal byte Byte() => Next(sizeof(byte)) is [var value] ? value : (byte)0;

    internal uint Number32() => Next(sizeof(uint)) is { Length: > 0 } bytes
        ? BinaryPrimitives.ReadUInt32LittleEndian(bytes)
        : 0;

    internal ulong Number64() => Next(sizeof(ulong)) is { Length: > 0 } bytes
        ? BinaryPrimitives.ReadUInt64LittleEndian(bytes)
        : 0;

    internal byte[] Bytes() => Next(Next(sizeof(ushort)) is { Length: > 0 } length
        ? BinaryPrimitives.ReadUInt16LittleEndian(length)
        : 0).ToArray();

    private ReadOnlySpan<byte> Next(int count)
    {
        if (_isShort || count > _rest.Length)
        {
            _isShort = true;
            return [];
        }

        ReadOnlySpan<byte> next = _rest[..count];
        _rest = _rest[count..];
        return next;
    }
}

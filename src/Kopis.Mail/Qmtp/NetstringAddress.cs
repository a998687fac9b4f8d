using Kopis.Base;

namespace Kopis.Mail.Qmtp;

/// <summary>Reads netstrings that are addresses, one after another, as they arrive. One that cannot
/// be an address is read to its end but not kept.</summary>
internal sealed class NetstringAddress
{
    /// <summary>The length at which an address is too long (contract §9.2).</summary>
    internal const int BytesLimit = 1000;

    private readonly byte[] _bytes = new byte[BytesLimit];
    private NetstringReader _reader;
    private int _length;
    private bool _isFit = true;

    /// <summary>Whether any byte of the address has come.</summary>
    internal bool IsBegun { get; private set; }

    /// <summary>Whether the address is complete.</summary>
    internal bool IsOver => _reader.IsOver;

    /// <summary>Whether it is short enough and has no NUL, which would end it early in later
    /// programs.</summary>
    internal bool IsFit => _isFit;

    /// <summary>The address, if it is valid.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>The state of the netstring, as a step of the transfer.</summary>
    internal TransferStep Step => StepOf(_reader);

    /// <summary>Faults of a netstring itself.</summary>
    internal static TransferStep StepOf(in NetstringReader reader) =>
        reader.IsBad ? TransferStep.BadProtocol
        : reader.IsTooLong ? TransferStep.TooLong
        : TransferStep.More;

    /// <summary>Prepares for the next address.</summary>
    internal void Reset()
    {
        _reader = default;
        _length = 0;
        _isFit = true;
        IsBegun = false;
    }

    /// <summary>Reads the next bytes. Returns how many it took, which is at least one of any.
    /// </summary>
    internal int Read(ReadOnlySpan<byte> bytes)
    {
        IsBegun = true;
        int used = _reader.Read(bytes, out ReadOnlySpan<byte> content);
        _isFit = _isFit && _length + content.Length < BytesLimit && !content.Contains((byte)0);
        if (_isFit)
        {
            content.CopyTo(_bytes.AsSpan(_length));
            _length += content.Length;
        }

        return used;
    }
}

using Kopis.Base;

namespace Kopis.Mail.Qmtp;

/// <summary>
/// Netstrings that are addresses, one after another, as they arrive. One that is not fit to be an
/// address is read to its end and not kept.
/// </summary>
internal sealed class NetstringAddress
{
    /// <summary>An address of this many bytes or more is not fit (contract §9.2).</summary>
    internal const int BytesLimit = 1000;

    private readonly byte[] _bytes = new byte[BytesLimit];
    private NetstringReader _reader;
    private int _length;
    private bool _isFit = true;

    /// <summary>Whether anything of it has come.</summary>
    internal bool IsBegun { get; private set; }

    /// <summary>Whether it has come whole.</summary>
    internal bool IsOver => _reader.IsOver;

    /// <summary>Whether it is short enough and holds no NUL, which would end it early after us.
    /// </summary>
    internal bool IsFit => _isFit;

    /// <summary>The address, where it is fit.</summary>
    internal ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, _length);

    /// <summary>What became of it so far, as a step of the transfer.</summary>
    internal TransferStep Step => StepOf(_reader);

    /// <summary>A netstring's own faults.</summary>
    internal static TransferStep StepOf(in NetstringReader reader) =>
        reader.IsBad ? TransferStep.BadProtocol
        : reader.IsTooLong ? TransferStep.TooLong
        : TransferStep.More;

    /// <summary>Forgets it, for the next one.</summary>
    internal void Reset()
    {
        _reader = default;
        _length = 0;
        _isFit = true;
        IsBegun = false;
    }

    /// <summary>Reads the next bytes; the result is how many, at least one of some.</summary>
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

using Kopis.Queue.Intake;

namespace Kopis.Queue.Store.Messages;

/// <summary>Parses an envelope (see <see cref="Envelope"/>) as it arrives, in pieces of any size,
/// up to its final NUL. It keeps only what the check needs. Parameters are checked by
/// <see cref="Envelope.Check"/>, which sees all of them.</summary>
public struct EnvelopeReader
{
    private bool _hasSender;
    private bool _mayHaveParameters; // An address has just ended.
    private bool _inAddress;
    private bool _isOver;
    private int _addressBytes; // Of the current address, including its NUL.
    private int _refusal;

    /// <summary>How many recipients have begun.</summary>
    public int Recipients { readonly get; private set; }

    /// <summary>Whether an address has parameters, which <see cref="Envelope.Check"/> checks.
    /// </summary>
    public bool HasParameters { readonly get; private set; }

    /// <summary>Whether the envelope has ended or is malformed, so that the rest does not matter.
    /// </summary>
    public readonly bool IsOver => _isOver;

    /// <summary>0 for a whole envelope; 11 (an address is too long), 54 (it has not ended) or 91
    /// (it is not an envelope).</summary>
    public readonly int Code => _refusal != 0 ? _refusal : _isOver ? 0 : QueueCode.ReadError;

    /// <summary>Parses the next bytes.</summary>
    /// <returns>How many bytes belong to the envelope; fewer than all only if it is over.</returns>
    public int Read(ReadOnlySpan<byte> bytes)
    {
        int at = 0;
        while (at < bytes.Length && !_isOver)
        {
            at += _inAddress ? ReadAddress(bytes[at..]) : ReadTag(bytes[at]);
        }

        return at;
    }

    private int ReadTag(byte tag)
    {
        bool isParameters = _mayHaveParameters && tag == (byte)'P';
        _mayHaveParameters = !isParameters;
        if (_hasSender && tag == 0)
        {
            _isOver = true;
        }
        else if (isParameters || tag == (_hasSender ? (byte)'T' : (byte)'F'))
        {
            HasParameters |= isParameters;
            Recipients += tag == (byte)'T' ? 1 : 0;
            _hasSender = true;
            _inAddress = true;
            _addressBytes = 0;
        }
        else
        {
            Refuse(QueueCode.EnvelopeFormat);
        }

        return 1;
    }

    private int ReadAddress(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        int length = end < 0 ? bytes.Length : end + 1;
        int longest = Envelope.AddressBytesMax - _addressBytes;
        if (length > longest || (end < 0 && length == longest))
        {
            Refuse(QueueCode.AddressTooLong);
            return length;
        }

        _addressBytes += length;
        _inAddress = end < 0;
        return length;
    }

    private void Refuse(int code)
    {
        _refusal = code;
        _isOver = true;
    }
}

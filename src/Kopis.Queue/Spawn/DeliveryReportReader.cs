using System.Buffers;
using Kopis.Base;

namespace Kopis.Queue.Spawn;

/// <summary>Splits the bytes that a spawner writes into reports. No I/O.</summary>
public sealed class DeliveryReportReader
{
    private readonly ArrayBufferWriter<byte> _text = new();
    private int _read;
    private byte _slot;
    private Verdict? _verdict;
    private bool _isPassedOn;

    /// <summary>Parses bytes, and adds the reports that they complete to <paramref name="to"/>.
    /// </summary>
    public void Read(ReadOnlySpan<byte> bytes, ICollection<DeliveryReport> to)
    {
        while (!bytes.IsEmpty)
        {
            if (_read == 0)
            {
                _slot = bytes[0];
                bytes = bytes[1..];
                _read = 1;
                continue;
            }

            int end = bytes.IndexOf((byte)0);
            ReadOnlySpan<byte> piece = end < 0 ? bytes : bytes[..end];
            Append(piece);
            bytes = bytes[(end < 0 ? piece.Length : end + 1)..];
            if (end >= 0)
            {
                to.Add(new DeliveryReport(_slot, _verdict, _text.WrittenSpan.ToArray())
                {
                    IsPassedOn = _isPassedOn,
                });
                _text.ResetWrittenCount();
                _read = 0;
                _verdict = null;
                _isPassedOn = false;
            }
        }
    }

    private void Append(ReadOnlySpan<byte> piece)
    {
        if (_read == 1 && !piece.IsEmpty)
        {
            _isPassedOn = piece[0] == (byte)'P';
            _verdict = piece[0] switch
            {
                (byte)'K' or (byte)'P' => Verdict.Delivered,
                (byte)'Z' => Verdict.Retry,
                (byte)'D' => Verdict.Failed,
                _ => null,
            };
            piece = piece[1..];
            _read = 2;
        }

        int room = DeliveryReport.TextBytesMax - _text.WrittenCount;
        _text.Write(piece[..Math.Min(room, piece.Length)]);
    }
}

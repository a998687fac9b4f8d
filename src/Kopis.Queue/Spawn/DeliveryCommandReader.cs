using System.Buffers;

namespace Kopis.Queue;

/// <summary>Cuts what qmail-send writes into commands. Bytes in, commands out; no I/O.</summary>
public sealed class DeliveryCommandReader
{
    private enum Field
    {
        Slot,
        Path,
        Sender,
        Recipient,
        Batch,
    }

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly List<byte[]> _recipients = [];
    private Field _field;
    private byte _slot;
    private ulong? _number;
    private byte[] _sender = [];

    /// <summary>Takes bytes; commands that became whole are added to <paramref name="to"/>.
    /// </summary>
    /// <exception cref="InvalidDataException">A field or batch is longer than any command's: the
    /// peer is not qmail-send, and there is no way to find the next command.</exception>
    public void Read(ReadOnlySpan<byte> bytes, ICollection<DeliveryCommand> to)
    {
        while (!bytes.IsEmpty)
        {
            if (_field == Field.Slot)
            {
                _slot = bytes[0];
                bytes = bytes[1..];
                _field = Field.Path;
                continue;
            }

            int end = bytes.IndexOf((byte)0);
            ReadOnlySpan<byte> piece = end < 0 ? bytes : bytes[..end];
            if (_bytes.WrittenCount + piece.Length > DeliveryCommand.FieldBytesMax)
            {
                throw new InvalidDataException("A delivery command has a field without end.");
            }

            _bytes.Write(piece);
            bytes = bytes[(end < 0 ? piece.Length : end + 1)..];
            if (end >= 0)
            {
                Finish(_bytes.WrittenSpan.ToArray(), to);
                _bytes.ResetWrittenCount();
            }
        }
    }

    private void Finish(byte[] field, ICollection<DeliveryCommand> to)
    {
        switch (_field)
        {
            case Field.Path:
                _number = MessageNumber.TryParsePath(field, out ulong number) ? number : null;
                _field = Field.Sender;
                break;
            case Field.Sender:
                _sender = field;
                _field = Field.Recipient;
                break;
            case Field.Recipient when field.Length == 0:
                _field = Field.Batch;
                break;
            case Field.Recipient:
                _recipients.Add(field);
                Emit(to);
                break;
            case Field.Batch when field.Length == 0:
                Emit(to);
                break;
            default:
                if (_recipients.Count == DeliveryCommand.BatchMax)
                {
                    throw new InvalidDataException("A batch has too many recipients.");
                }

                _recipients.Add(field);
                break;
        }
    }

    private void Emit(ICollection<DeliveryCommand> to)
    {
        to.Add(new DeliveryCommand(_slot, _number, _sender, [.. _recipients]));
        _recipients.Clear();
        _field = Field.Slot;
    }
}

using System.Buffers;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Spawn;

/// <summary>Splits the bytes that qmail-send writes into commands. No I/O.</summary>
public sealed class DeliveryCommandReader
{
    private enum Field
    {
        Slot,
        Path,
        Sender,
        Recipient,
        Batch,
        Parameters,
        LongRecipient,
        RecipientParameters,
    }

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly List<byte[]> _recipients = [];
    private readonly List<byte[]> _recipientParameters = [];
    private Field _field;
    private byte _slot;
    private ulong? _number;
    private byte[] _sender = [];
    private byte[] _parameters = [];

    /// <summary>Whether no part of a command has been read.</summary>
    internal bool IsBetween => _field == Field.Slot;

    /// <summary>Parses bytes, and adds the commands that they complete to <paramref name="to"/>.
    /// </summary>
    /// <exception cref="InvalidDataException">A field or batch is longer than in any command: the
    /// other end is not qmail-send, and the start of the next command cannot be found.</exception>
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
            case Field.Batch when field.Length == 0 && _recipients.Count == 0:
                _field = Field.Parameters; // An empty batch announces the long form.
                break;
            case Field.Batch or Field.LongRecipient when field.Length == 0:
                Emit(to);
                break;
            case Field.Parameters:
                _parameters = field;
                _field = Field.LongRecipient;
                break;
            case Field.RecipientParameters:
                _recipientParameters.Add(field);
                _field = Field.LongRecipient;
                break;
            default:
                AddRecipient(field);
                break;
        }
    }

    private void AddRecipient(byte[] address)
    {
        if (_recipients.Count == DeliveryCommand.BatchMax)
        {
            throw new InvalidDataException("A batch has too many recipients.");
        }

        _recipients.Add(address);
        _field = _field == Field.LongRecipient ? Field.RecipientParameters : Field.Batch;
    }

    private void Emit(ICollection<DeliveryCommand> to)
    {
        if (_recipients.Count == 0)
        {
            throw new InvalidDataException("A delivery command has no recipient.");
        }

        to.Add(new DeliveryCommand(_slot, _number, _sender, [.. _recipients])
        {
            Parameters = _parameters,
            RecipientParameters = [.. _recipientParameters],
        });
        _recipients.Clear();
        _recipientParameters.Clear();
        _parameters = [];
        _field = Field.Slot;
    }
}

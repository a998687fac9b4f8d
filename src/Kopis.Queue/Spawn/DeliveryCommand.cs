using System.Buffers;
using System.Text;
using Kopis.Base;
using Kopis.Queue.Store.Messages;

namespace Kopis.Queue.Spawn;

/// <summary>A command from qmail-send to a spawner (docs/ARCHITECTURE.md, contract §6.2).</summary>
/// <param name="Slot">The slot of the delivery among those that run, from 0.</param>
/// <param name="Number">The message; null if the path was malformed.</param>
/// <param name="Sender">The envelope sender of this delivery.</param>
/// <param name="Recipients">One recipient, or those of a batch.</param>
public sealed record DeliveryCommand(
    byte Slot, ulong? Number, byte[] Sender, IReadOnlyList<byte[]> Recipients)
{
    /// <summary>The parameters of MAIL in canonical form; empty if there are none.</summary>
    public byte[] Parameters { get; init; } = [];

    /// <summary>The parameters of each recipient; empty in the short forms of a command.</summary>
    public IReadOnlyList<byte[]> RecipientParameters { get; init; } = [];

    /// <summary>Recipients in one batch. RFC 5321 §4.5.3.1.8 allows a server to accept only 100.
    /// </summary>
    public const int BatchMax = 100;

    /// <summary>The longest path, sender or recipient: an address with what envnoathost and
    /// virtualdomains add (at most 1,000 bytes each), or a VERP sender that contains such an
    /// address.</summary>
    public const int FieldBytesMax = 4096;

    /// <summary>Writes the command.</summary>
    public static void Write(
        IBufferWriter<byte> to, byte slot, ulong number, ReadOnlySpan<byte> sender,
        IReadOnlyList<ReadOnlyMemory<byte>> recipients)
    {
        WriteStart(to, slot, number, sender);
        if (recipients.Count == 1)
        {
            WriteField(to, recipients[0].Span);
            return;
        }

        WriteField(to, []);
        foreach (ReadOnlyMemory<byte> recipient in recipients)
        {
            WriteField(to, recipient.Span);
        }

        WriteField(to, []);
    }

    /// <summary>Writes the long form, with parameters. An empty batch announces it.</summary>
    public static void WriteLong(
        IBufferWriter<byte> to, byte slot, ulong number, ReadOnlySpan<byte> sender,
        ReadOnlySpan<byte> parameters, IReadOnlyList<EnvelopeRecipient> recipients)
    {
        WriteStart(to, slot, number, sender);
        WriteField(to, []);
        WriteField(to, []);
        WriteField(to, parameters);
        foreach (EnvelopeRecipient recipient in recipients)
        {
            WriteField(to, recipient.Address.Span);
            WriteField(to, recipient.Parameters.Span);
        }

        WriteField(to, []);
    }

    private static void WriteStart(
        IBufferWriter<byte> to, byte slot, ulong number, ReadOnlySpan<byte> sender)
    {
        to.WriteByte(slot);
        WriteField(to, Encoding.ASCII.GetBytes(MessageNumber.FormatPath(number)));
        WriteField(to, sender);
    }

    private static void WriteField(IBufferWriter<byte> to, ReadOnlySpan<byte> field)
    {
        to.Write(field);
        to.WriteByte(0);
    }
}

using System.Buffers;
using Kopis.Queue;

namespace Kopis.Send;

/// <summary>
/// The ESMTP parameters of a message and its recipients as they stand in its envelope, packed. Only
/// messages that have some have such a table.
/// </summary>
internal sealed class ParameterTable
{
    private readonly byte[] _packed; // The message's, then those of each recipient.
    private readonly int[] _ends; // Where in _packed each ends, the message's first.

    private ParameterTable(byte[] packed, int[] ends)
    {
        _packed = packed;
        _ends = ends;
    }

    /// <summary>The parameters of MAIL.</summary>
    internal ReadOnlySpan<byte> Message => _packed.AsSpan(0, _ends[0]);

    /// <summary>Null where the envelope has none.</summary>
    internal static ParameterTable? Of(Envelope envelope)
    {
        if (!envelope.HasParameters)
        {
            return null;
        }

        ArrayBufferWriter<byte> packed = new();
        List<int> ends = [];
        packed.Write(envelope.Parameters.Span);
        ends.Add(packed.WrittenCount);
        foreach (EnvelopeRecipient recipient in envelope.RecipientsWithParameters)
        {
            packed.Write(recipient.Parameters.Span);
            ends.Add(packed.WrittenCount);
        }

        return new ParameterTable(packed.WrittenSpan.ToArray(), [.. ends]);
    }

    /// <summary>The parameters of a recipient's RCPT.</summary>
    internal ReadOnlyMemory<byte> Recipient(int index) =>
        _packed.AsMemory(_ends[index], _ends[index + 1] - _ends[index]);
}

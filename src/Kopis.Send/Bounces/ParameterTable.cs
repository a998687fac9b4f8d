using System.Buffers;
using Kopis.Mail.Dsn;
using Kopis.Queue.Store.Messages;

namespace Kopis.Send.Bounces;

/// <summary>The ESMTP parameters of a message and its recipients as they stand in its envelope,
/// packed. Only messages that have parameters have such a table.</summary>
internal sealed class ParameterTable
{
    private readonly byte[] _packed; // The message's, then those of each recipient.
    private readonly int[] _ends; // Where in _packed each ends, the message's first.

    private HashSet<int>? _delaysTold;

    private ParameterTable(byte[] packed, int[] ends, HashSet<int>? delaysTold)
    {
        _delaysTold = delaysTold;
        _packed = packed;
        _ends = ends;
        Said = MessageParameters.TryParse(Message, out MessageParameters said) ? said : default;
        HasDsn = Said.HasDsn || ends[^1] > ends[0];
    }

    /// <summary>The parsed parameters of MAIL.</summary>
    internal MessageParameters Said { get; }

    /// <summary>Whether some parameter is about delivery status notifications.</summary>
    internal bool HasDsn { get; }

    /// <summary>The parameters of MAIL, unparsed.</summary>
    internal ReadOnlySpan<byte> Message => _packed.AsSpan(0, _ends[0]);

    /// <summary>Bytes of memory that the table takes.</summary>
    internal long Bytes => _packed.Length + (sizeof(int) * _ends.Length);

    /// <summary>Makes the table; null if the envelope has no parameters.</summary>
    /// <param name="envelope">The envelope.</param>
    /// <param name="delaysTold">Recipients whose delay was reported to the sender, if that set
    /// outlives the table.</param>
    internal static ParameterTable? Of(Envelope envelope, HashSet<int>? delaysTold = null)
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

        return new ParameterTable(packed.WrittenSpan.ToArray(), [.. ends], delaysTold);
    }

    /// <summary>The parsed parameters of a recipient's RCPT.</summary>
    internal RecipientParameters Of(int index) =>
        RecipientParameters.TryParse(Recipient(index).Span, out RecipientParameters said)
            ? said : default;

    /// <summary>Whether this recipient's delay was reported to the sender.</summary>
    internal bool IsDelayTold(int index) => _delaysTold?.Contains(index) == true;

    /// <summary>Notes that this recipient's delay was reported to the sender.</summary>
    internal void SetDelayTold(int index) => (_delaysTold ??= []).Add(index);

    /// <summary>The parameters of a recipient's RCPT, unparsed.</summary>
    internal ReadOnlyMemory<byte> Recipient(int index) =>
        _packed.AsMemory(_ends[index], _ends[index + 1] - _ends[index]);
}

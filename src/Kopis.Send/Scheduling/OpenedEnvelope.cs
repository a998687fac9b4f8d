using Kopis.Queue.Store.Messages;
using Kopis.Send.Bounces;

namespace Kopis.Send.Scheduling;

/// <summary>What memory holds of a long envelope while its message has passes.</summary>
/// <param name="Recipients">How many recipients it has.</param>
/// <param name="Offsets">Where each portion begins, and where the last one ends.</param>
/// <param name="Parameters">Its ESMTP parameters; null if it has none.</param>
internal sealed record OpenedEnvelope(int Recipients, int[] Offsets, ParameterTable? Parameters)
{
    /// <summary>Goes through an envelope that is known to be valid.</summary>
    internal static OpenedEnvelope Of(Envelope envelope, HashSet<int> delaysTold)
    {
        ReadOnlySpan<byte> bytes = envelope.Bytes.Span;
        List<int> offsets = [];
        int recipients = 0;
        int at = EndOf(bytes, 0);
        for (; bytes[at] == (byte)'T'; at = EndOf(bytes, at))
        {
            if (recipients++ % EnvelopePortion.RecipientsMax == 0)
            {
                offsets.Add(at);
            }
        }

        offsets.Add(at);
        return new OpenedEnvelope(
            recipients, [.. offsets], ParameterTable.Of(envelope, delaysTold));
    }

    /// <summary>Where the address that begins here ends, including its parameters.</summary>
    private static int EndOf(ReadOnlySpan<byte> bytes, int at)
    {
        at += bytes[at..].IndexOf((byte)0) + 1;
        return bytes[at] == (byte)'P' ? at + bytes[at..].IndexOf((byte)0) + 1 : at;
    }
}

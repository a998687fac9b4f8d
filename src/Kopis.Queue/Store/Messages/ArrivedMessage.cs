namespace Kopis.Queue.Store.Messages;

/// <summary>What qmail-send needs to know about a message of the queue.</summary>
/// <param name="Number">Its number.</param>
/// <param name="BornSeconds">Unix time of its arrival.</param>
/// <param name="Bytes">Its size, including the queue's Received line.</param>
/// <param name="Qp">The <c>qp</c> number.</param>
/// <param name="Uid">The user who queued it.</param>
/// <param name="HasOwnFile">Whether its body is in a file of its own.</param>
/// <param name="RecordEnd">Where its record ends in its segment.</param>
/// <param name="Envelope">Sender and recipients.</param>
public sealed record ArrivedMessage(
    ulong Number, long BornSeconds, long Bytes, uint Qp, uint Uid, bool HasOwnFile, long RecordEnd,
    Envelope Envelope)
{
    /// <summary>The length of an envelope that was too long to be read; <see cref="Envelope"/> then
    /// has only the sender. Else 0.</summary>
    public int UnreadEnvelopeBytes { get; init; }

    /// <summary>The client that submitted it over the network (<see cref="Intake.ClientNumber"/>);
    /// 0: not known.</summary>
    public uint Client { get; init; }

    /// <summary>Whether the envelope has ESMTP parameters.</summary>
    public bool HasParameters { get; init; }
}

namespace Kopis.Queue.Store.Messages;

/// <summary>What qmail-send takes from a message of the queue.</summary>
/// <param name="Number">Its number.</param>
/// <param name="BornSeconds">Unix time of its arrival.</param>
/// <param name="Bytes">Size with the queue's Received line.</param>
/// <param name="Qp">The <c>qp</c> number.</param>
/// <param name="Uid">Who queued it.</param>
/// <param name="HasOwnFile">Its body is in a file of its own.</param>
/// <param name="RecordEnd">Where in its segment its record ends.</param>
/// <param name="Envelope">Sender and recipients.</param>
public sealed record ArrivedMessage(
    ulong Number, long BornSeconds, long Bytes, uint Qp, uint Uid, bool HasOwnFile, long RecordEnd,
    Envelope Envelope)
{
    /// <summary>Bytes of an envelope that was left on the disk for its length; then
    /// <see cref="Envelope"/> has the sender alone. Else 0.</summary>
    public int UnreadEnvelopeBytes { get; init; }

    /// <summary>Who submitted it over the network (<see cref="Intake.ClientNumber"/>); 0: nobody
    /// says.</summary>
    public uint Client { get; init; }

    /// <summary>The envelope has ESMTP parameters.</summary>
    public bool HasParameters { get; init; }
}

namespace Kopis.Send.Scheduling;

/// <summary>Reads long envelopes when they are needed.</summary>
internal interface ILongEnvelopes
{
    /// <summary>Reads a whole envelope once, and notes where its portions are.</summary>
    /// <param name="message">The message of the envelope.</param>
    /// <param name="delaysTold">Recipients whose delay was reported to the sender.</param>
    /// <exception cref="IOException">The envelope cannot be read now, or is damaged.</exception>
    OpenedEnvelope Open(LongMessage message, HashSet<int> delaysTold);

    /// <summary>Called when the message's last pass is over. The message is dropped only when
    /// another one is opened, since reports about that pass may still need it.</summary>
    void Close(LongMessage message);

    /// <summary>Reads a portion of the recipients.</summary>
    /// <exception cref="IOException">The portion cannot be read now, or is damaged.</exception>
    EnvelopePortion Portion(LongMessage message, OpenedEnvelope opened, int number);
}

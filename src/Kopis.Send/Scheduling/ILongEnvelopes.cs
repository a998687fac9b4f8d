namespace Kopis.Send.Scheduling;

/// <summary>Where long envelopes are read when they are needed.</summary>
internal interface ILongEnvelopes
{
    /// <summary>Reads an envelope whole, once, and keeps what finds its portions.</summary>
    /// <param name="message">Whose.</param>
    /// <param name="delaysTold">Recipients of whose delay its sender was told.</param>
    /// <exception cref="IOException">It cannot be read now, or is damaged.</exception>
    OpenedEnvelope Open(LongMessage message, HashSet<int> delaysTold);

    /// <summary>The message's last pass is over. It is dropped when another one is opened: who
    /// reports on that pass may still look at it.</summary>
    void Close(LongMessage message);

    /// <summary>A portion of its recipients.</summary>
    /// <exception cref="IOException">It cannot be read now, or is damaged.</exception>
    EnvelopePortion Portion(LongMessage message, OpenedEnvelope opened, int number);
}

namespace Kopis.Send.Scheduling;

/// <summary>Opens and closes passes.</summary>
internal interface IPasses
{
    /// <summary>Opens a channel's passes for messages of a submitter that are due.</summary>
    void Open(OriginQueue row, DeliveryChannel channel);

    /// <summary>The way that an administrator has given a recipient; null: the usual one.
    /// </summary>
    byte[]? RouteOf(QueuedMessage message, int recipient);

    /// <summary>Ends a pass that has nothing left.</summary>
    void CloseIfOver(Pass pass);

    /// <summary>A pass goes on beyond the time of the next: it is that one.</summary>
    void Renew(Pass pass);

    /// <summary>What is left of a message that waits is due.</summary>
    void DueNow(QueuedMessage message);

    /// <summary>Recipients could not be read; they are tried again later.</summary>
    void OnTrouble(QueuedMessage message, IOException trouble);
}

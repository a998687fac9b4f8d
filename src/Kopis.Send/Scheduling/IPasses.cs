namespace Kopis.Send.Scheduling;

/// <summary>Opens and closes passes.</summary>
internal interface IPasses
{
    /// <summary>Opens a channel's passes for messages of a submitter that are due.</summary>
    void Open(OriginQueue row, DeliveryChannel channel);

    /// <summary>The route that an administrator has given a recipient; null: the usual one.
    /// </summary>
    byte[]? RouteOf(QueuedMessage message, int recipient);

    /// <summary>Ends a pass if it has nothing left.</summary>
    void CloseIfOver(Pass pass);

    /// <summary>Makes an open pass the next one, since that one's time has come.</summary>
    void Renew(Pass pass);

    /// <summary>Makes the rest of a waiting message due.</summary>
    void DueNow(QueuedMessage message);

    /// <summary>Called when recipients could not be read; they are tried again later.</summary>
    void OnTrouble(QueuedMessage message, IOException trouble);
}

namespace Kopis.Tools.Journal;

/// <summary>What identifies a sender in a table.</summary>
public enum SenderKey : byte
{
    /// <summary>The login; mail without one does not count.</summary>
    Login,

    /// <summary>The envelope sender.</summary>
    Sender,

    /// <summary>The domain of the envelope sender.</summary>
    Domain,

    /// <summary>The client's address; for local mail the user's number.</summary>
    Client,
}

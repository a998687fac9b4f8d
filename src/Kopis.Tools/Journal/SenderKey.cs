namespace Kopis.Tools.Journal;

/// <summary>By what senders are told apart.</summary>
public enum SenderKey : byte
{
    /// <summary>The login; mail without one does not count.</summary>
    Login,

    /// <summary>The envelope sender.</summary>
    Sender,

    /// <summary>Its domain.</summary>
    Domain,

    /// <summary>The client's address; of local mail the user's number.</summary>
    Client,
}

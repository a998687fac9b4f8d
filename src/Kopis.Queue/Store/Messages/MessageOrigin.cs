namespace Kopis.Queue.Store.Messages;

/// <summary>Where a message came from. It decides the <c>Received:</c> line (contract §3).
/// </summary>
public enum MessageOrigin : byte
{
    /// <summary>A program of a local user.</summary>
    Local,

    /// <summary>A network server, from a client that has no rights here.</summary>
    Network,

    /// <summary>qmail-send itself.</summary>
    Bounce,

    /// <summary>A network server, from a user who has logged in, or a client that may relay. This
    /// host may sign such mail as its own.</summary>
    Submitted,
}

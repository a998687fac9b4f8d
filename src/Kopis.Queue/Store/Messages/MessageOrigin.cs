namespace Kopis.Queue.Store.Messages;

/// <summary>Where a intake came from; decides its <c>Received:</c> line (contract §3).
/// </summary>
public enum MessageOrigin : byte
{
    /// <summary>A program of a local user.</summary>
    Local,

    /// <summary>A network server.</summary>
    Network,

    /// <summary>qmail-send itself.</summary>
    Bounce,
}

namespace Kopis.Remote;

/// <summary>A login that came to nothing.</summary>
/// <param name="Report">For the message: it waits.</param>
/// <param name="Reason">For the log, without secrets.</param>
internal sealed record LoginRefusal(RemoteReport Report, string Reason)
{
    /// <summary>Whether the connection was lost, so that nobody has refused it.</summary>
    internal bool IsLost { get; init; }
}

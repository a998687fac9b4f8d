namespace Kopis.Remote;

/// <summary>A login that failed.</summary>
/// <param name="Report">The report for the message, which is deferred.</param>
/// <param name="Reason">The reason for the log, without secrets.</param>
internal sealed record LoginRefusal(RemoteReport Report, string Reason)
{
    /// <summary>Whether the connection was lost, so that the server has not refused it.</summary>
    internal bool IsLost { get; init; }
}

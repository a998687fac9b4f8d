namespace Kopis.Config.Maps;

/// <summary>Where a line of <c>control/smtproutes</c> sends mail.</summary>
/// <param name="Relay">A name or an address.</param>
/// <param name="Port">Its port.</param>
public sealed record SmtpRoute(string Relay, int Port)
{
    /// <summary>The line and why it cannot be used; null if it can. Mail of the line's
    /// domain waits until it is corrected.</summary>
    public string? Fault { get; init; }
}

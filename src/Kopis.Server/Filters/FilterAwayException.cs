namespace Kopis.Server.Filters;

/// <summary>Thrown if a filter cannot be reached, does not answer in time, or sends an invalid
/// answer.</summary>
internal sealed class FilterAwayException(string reason, bool isBroken = false)
    : IOException(reason)
{
    /// <summary>Whether the connection was closed, so that another one may work.</summary>
    internal bool IsBroken { get; } = isBroken;
}

namespace Kopis.Server.Filters;

/// <summary>A filter is not there, does not answer in time, or answers what is no answer.</summary>
internal sealed class FilterAwayException(string reason, bool isBroken = false)
    : IOException(reason)
{
    /// <summary>Whether the connection was closed: another one may do.</summary>
    internal bool IsBroken { get; } = isBroken;
}

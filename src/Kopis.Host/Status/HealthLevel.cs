namespace Kopis.Host.Status;

/// <summary>How well a host is. The number is the exit code of <c>kopis health</c>.</summary>
public enum HealthLevel : byte
{
    /// <summary>All is well.</summary>
    Healthy = 0,

    /// <summary>Mail goes, and something needs an administrator.</summary>
    Degraded = 1,

    /// <summary>Mail is not taken, or not delivered.</summary>
    Down = 2,
}

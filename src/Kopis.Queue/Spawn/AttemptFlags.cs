namespace Kopis.Queue.Spawn;

/// <summary>Facts about an attempt. Frames and records contain these bits, so they must not change.
/// </summary>
[Flags]
public enum AttemptFlags : byte
{
    /// <summary>None of them.</summary>
    None = 0,

    /// <summary>The session was in TLS.</summary>
    Tls = 1,

    /// <summary>The server's certificate was verified.</summary>
    Verified = 2,

    /// <summary>The connection was used before.</summary>
    UsedAgain = 4,

    /// <summary>A server accepted a connection.</summary>
    ReachedServer = 8,
}

namespace Kopis.Host.Doctor;

/// <summary>A certificate of the host.</summary>
/// <param name="IsThere">Whether there is a file.</param>
/// <param name="Trouble">Why it cannot be used; null where it can.</param>
internal sealed record CertificateFacts(bool IsThere, string? Trouble)
{
    /// <summary>Whether the caller may not read it.</summary>
    internal bool IsHidden { get; init; }

    /// <summary>From when it is valid.</summary>
    internal DateTimeOffset From { get; init; }

    /// <summary>Until when.</summary>
    internal DateTimeOffset Until { get; init; }

    /// <summary>Whether it has the host's name.</summary>
    internal bool HasName { get; init; }

    /// <summary>Whether its own key signed it.</summary>
    internal bool IsSelfSigned { get; init; }

    /// <summary>SHA-256 of its public key, for TLSA 3 1 1; empty where there is none.</summary>
    internal string KeyHash { get; init; } = "";
}

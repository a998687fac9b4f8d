namespace Kopis.Host.Doctor;

/// <summary>Facts about the host's certificate.</summary>
/// <param name="IsThere">Whether the file exists.</param>
/// <param name="Trouble">Why the certificate cannot be used; null if it can be.</param>
internal sealed record CertificateFacts(bool IsThere, string? Trouble)
{
    /// <summary>Whether the caller may not read it.</summary>
    internal bool IsHidden { get; init; }

    /// <summary>The start of its validity.</summary>
    internal DateTimeOffset From { get; init; }

    /// <summary>The end of its validity.</summary>
    internal DateTimeOffset Until { get; init; }

    /// <summary>Whether it has the host's name.</summary>
    internal bool HasName { get; init; }

    /// <summary>Whether it is self-signed.</summary>
    internal bool IsSelfSigned { get; init; }

    /// <summary>The SHA-256 of its public key, for TLSA 3 1 1; empty if there is no certificate.
    /// </summary>
    internal string KeyHash { get; init; } = "";
}

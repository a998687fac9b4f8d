using System.Security.Cryptography.X509Certificates;

namespace Kopis.Host.Doctor;

/// <summary>Facts about a port of this host.</summary>
/// <param name="Place">The address and port, for people.</param>
internal sealed record PortFacts(string Place)
{
    /// <summary>Whether nobody listens.</summary>
    internal bool IsRefused { get; set; }

    /// <summary>Why nothing more is known; null if everything is.</summary>
    internal string? Trouble { get; set; }

    /// <summary>The reply code of the greeting.</summary>
    internal int Greeting { get; set; }

    /// <summary>The greeting.</summary>
    internal string Text { get; set; } = "";

    /// <summary>Whether EHLO offers STARTTLS.</summary>
    internal bool OffersTls { get; set; }

    /// <summary>Why the handshake failed; null if it succeeded or was not tried.</summary>
    internal string? TlsTrouble { get; set; }

    /// <summary>Whether the certificate has the host's name; null if none was seen.</summary>
    internal bool? HasName { get; set; }

    /// <summary>The certificate and its chain as served; empty if none was seen.</summary>
    internal IReadOnlyList<X509Certificate2> Certificates { get; set; } = [];

    /// <summary>The reply to RCPT for a domain that belongs to nobody; 0 if it was not tried.
    /// </summary>
    internal int Relay { get; set; }
}

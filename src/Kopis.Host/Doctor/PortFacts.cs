using System.Security.Cryptography.X509Certificates;

namespace Kopis.Host.Doctor;

/// <summary>What a port of this host does.</summary>
/// <param name="Place">Address and port, for people.</param>
internal sealed record PortFacts(string Place)
{
    /// <summary>Nobody listens.</summary>
    internal bool IsRefused { get; set; }

    /// <summary>Why nothing more is known; null where all is.</summary>
    internal string? Trouble { get; set; }

    /// <summary>The code of the greeting.</summary>
    internal int Greeting { get; set; }

    /// <summary>The greeting.</summary>
    internal string Text { get; set; } = "";

    /// <summary>Whether EHLO offers STARTTLS.</summary>
    internal bool OffersTls { get; set; }

    /// <summary>Why the handshake failed; null where it did not, or was not tried.</summary>
    internal string? TlsTrouble { get; set; }

    /// <summary>Whether the certificate has the host's name; null where none was seen.</summary>
    internal bool? HasName { get; set; }

    /// <summary>The certificate, and what was sent with it; empty where none was seen.</summary>
    internal IReadOnlyList<X509Certificate2> Certificates { get; set; } = [];

    /// <summary>The reply to RCPT for a domain of nobody's; 0 where not tried.</summary>
    internal int Relay { get; set; }
}

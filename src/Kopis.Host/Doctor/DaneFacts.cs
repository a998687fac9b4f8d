using System.Security.Cryptography.X509Certificates;
using Kopis.Mail.Transport;
using Kopis.Net.Dns;

namespace Kopis.Host.Doctor;

/// <summary>Facts about the TLSA records of the host's port 25, and the certificate served there.
/// </summary>
/// <param name="Host">The host's name.</param>
internal sealed record DaneFacts(string Host)
{
    /// <summary>Why this cannot be checked here; null if it can be.</summary>
    internal string? Trouble { get; init; }

    /// <summary>The records under its name, signed or not.</summary>
    internal DnsAnswer<TlsaRecord> Records { get; init; }

    /// <summary>The records that a sender finds and uses, and their name.</summary>
    internal DaneAnswer Found { get; init; } = DaneAnswer.Absent;

    /// <summary>The certificate and its chain as served; empty if none was seen.</summary>
    internal IReadOnlyList<X509Certificate2> Served { get; init; } = [];
}

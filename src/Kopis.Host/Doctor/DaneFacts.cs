using System.Security.Cryptography.X509Certificates;
using Kopis.Mail.Transport;
using Kopis.Net.Dns;

namespace Kopis.Host.Doctor;

/// <summary>The TLSA records of the host's port 25, and what it serves there.</summary>
/// <param name="Host">The host's name.</param>
internal sealed record DaneFacts(string Host)
{
    /// <summary>Why nobody here can say; null where somebody can.</summary>
    internal string? Trouble { get; init; }

    /// <summary>The records under its name, signed or not.</summary>
    internal DnsAnswer<TlsaRecord> Records { get; init; }

    /// <summary>Those that a sender finds and uses, and under which name.</summary>
    internal DaneAnswer Found { get; init; } = DaneAnswer.Absent;

    /// <summary>The certificate, and what is sent with it; empty where none was seen.</summary>
    internal IReadOnlyList<X509Certificate2> Served { get; init; } = [];
}

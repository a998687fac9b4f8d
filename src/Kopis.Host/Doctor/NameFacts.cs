using System.Net;
using Kopis.Mail.Authentication.Spf;
using Kopis.Net.Dns;

namespace Kopis.Host.Doctor;

/// <summary>The answers of DNS about the host's names.</summary>
/// <param name="Me">The name in control/me.</param>
/// <param name="Helo">The name that the host uses in HELO.</param>
internal sealed record NameFacts(string Me, string Helo)
{
    /// <summary>Addresses of <see cref="Me"/>.</summary>
    internal required DnsAnswer<IPAddress> MeAddresses { get; init; }

    /// <summary>Addresses of <see cref="Helo"/>.</summary>
    internal required DnsAnswer<IPAddress> HeloAddresses { get; init; }

    /// <summary>Texts of <see cref="Helo"/>.</summary>
    internal required DnsAnswer<string> HeloTexts { get; init; }

    /// <summary>What SPF of <see cref="Helo"/> says of each public address.</summary>
    internal required IReadOnlyList<SpfCheck> HeloSpf { get; init; }

    /// <summary>The names of each public address.</summary>
    internal required IReadOnlyList<ReverseName> Reverse { get; init; }

    /// <summary>A public address, its names, and those of the names that lead back to it.</summary>
    internal sealed record ReverseName(
        IPAddress Address, DnsAnswer<string> Names, IReadOnlyList<string> Proven, bool IsUnclear);
}

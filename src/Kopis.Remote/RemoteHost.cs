using System.Net;

namespace Kopis.Remote;

/// <summary>One address to try.</summary>
/// <param name="EndPoint">Where to connect.</param>
/// <param name="Name">The server's name for TLS; empty for a literal address.</param>
/// <param name="IsRelay">A person has named it, in smtproutes.</param>
/// <param name="IsSecure">DNSSEC says that it is the destination's.</param>
/// <param name="IsQmtp">It is said to speak QMTP there.</param>
internal readonly record struct RemoteHost(
    IPEndPoint EndPoint, string Name, bool IsRelay = false, bool IsSecure = false,
    bool IsQmtp = false)
{
    private const int SmtpPort = 25;

    /// <summary>As a route of smtproutes names it.</summary>
    internal string RelayName => Name.Length > 0 ? Name : EndPoint.Address.ToString();

    /// <summary>The same server where it speaks SMTP: what it asks of TLS, it asks there.</summary>
    internal RemoteHost BySmtp => !IsQmtp ? this
        : this with { EndPoint = new(EndPoint.Address, SmtpPort), IsQmtp = false };
}

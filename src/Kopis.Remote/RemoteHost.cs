using System.Net;

namespace Kopis.Remote;

/// <summary>One address to try.</summary>
/// <param name="EndPoint">Where to connect.</param>
/// <param name="Name">The server's name for TLS; empty for a literal address.</param>
/// <param name="IsRelay">Whether an administrator has named it, in smtproutes.</param>
/// <param name="IsSecure">Whether DNSSEC says that it belongs to the destination.</param>
/// <param name="IsQmtp">Whether it is expected to speak QMTP there.</param>
internal readonly record struct RemoteHost(
    IPEndPoint EndPoint, string Name, bool IsRelay = false, bool IsSecure = false,
    bool IsQmtp = false)
{
    private const int SmtpPort = 25;

    /// <summary>The name by which a route of smtproutes lists it.</summary>
    internal string RelayName => Name.Length > 0 ? Name : EndPoint.Address.ToString();

    /// <summary>The same server at its SMTP port, which its policies about TLS refer to.</summary>
    internal RemoteHost BySmtp => !IsQmtp ? this
        : this with { EndPoint = new(EndPoint.Address, SmtpPort), IsQmtp = false };
}

using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Mail;
using Kopis.Net;

namespace Kopis.Receive;

/// <summary>The host's settings for SMTP, and what the environment and TLS add for this client.
/// </summary>
/// <exception cref="ConfigurationException">DATABYTES is not a number.</exception>
internal sealed class SmtpPolicy(SmtpSettings settings, TlsServer tls, Connection connection)
    : ReceivePolicy(
        settings.DataBytes, settings.RcptHosts, connection.Environment,
        mayRelay: IsNamed(settings, connection)), ISmtpPolicy
{
    private HashSet<IPAddress>? _ownAddresses; // Read when first needed, which is seldom.

    public ReadOnlyMemory<byte> Greeting => settings.Greeting;

    public bool OffersTls => !IsEncrypted && tls.IsOffered;

    public bool IsEncrypted { get; } = connection.Tls is not null;

    public bool IsBadSender(ReadOnlySpan<byte> sender) => settings.BadMailFrom.Contains(sender);

    public byte[] NameOwnAddress(byte[] address)
    {
        int at = address.AsSpan().LastIndexOf((byte)'@');
        if (settings.LocalIpHost is { } name
            && at >= 0
            && address.AsSpan(at + 1) is [(byte)'[', .. Span<byte> inside, (byte)']']
            && IPAddress.TryParse(ByteText.ToText(inside), out IPAddress? ip)
            && ip.AddressFamily == AddressFamily.InterNetwork
            && ip.ToString() == ByteText.ToText(inside) // .NET also takes 127.1 and the like.
            && (_ownAddresses ??= LocalAddresses.Read()).Contains(ip))
        {
            return [.. address.AsSpan(0, at + 1), .. name];
        }

        return address;
    }

    // Whether the client's certificate names one of control/tlsclients.
    private static bool IsNamed(SmtpSettings settings, Connection connection) =>
        connection.Tls is { } info
        && info.ClientAddresses.Any(address => settings.TlsClients.Contains(address));
}

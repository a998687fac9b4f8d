using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Mail;
using Kopis.Net;

namespace Kopis.Receive;

/// <summary>The host's settings, and what the environment adds for this client.</summary>
internal sealed class SmtpPolicy : ISmtpPolicy
{
    private readonly SmtpSettings _settings;
    private readonly TlsServer _tls;
    private HashSet<IPAddress>? _ownAddresses; // Read when first needed, which is seldom.

    /// <summary>Reads RELAYCLIENT and DATABYTES, and whom the client's certificate names.
    /// </summary>
    /// <exception cref="ConfigurationException">DATABYTES is not a number.</exception>
    internal SmtpPolicy(SmtpSettings settings, TlsServer tls, Connection connection)
    {
        _settings = settings;
        _tls = tls;
        ByteEnvironment environment = connection.Environment;
        IsEncrypted = connection.Tls is not null;
        bool certified = connection.Tls is { } info
            && info.ClientAddresses.Any(address => settings.TlsClients.Contains(address));
        RelayClient = environment["RELAYCLIENT"] ?? (certified ? [] : null);
        MessageBytesMax = settings.DataBytes;
        if (environment.Text("DATABYTES") is { } text)
        {
            MessageBytesMax =
                long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long most)
                    ? most
                    : throw new ConfigurationException("DATABYTES is not a whole number");
        }
    }

    public ReadOnlyMemory<byte> Greeting => _settings.Greeting;

    public long MessageBytesMax { get; }

    public byte[]? RelayClient { get; }

    public bool OffersTls => !IsEncrypted && _tls.IsOffered;

    public bool IsEncrypted { get; }

    public bool IsBadSender(ReadOnlySpan<byte> sender) => _settings.BadMailFrom.Contains(sender);

    public bool IsOurs(ReadOnlySpan<byte> recipient) => _settings.RcptHosts.Contains(recipient);

    public byte[] NameOwnAddress(byte[] address)
    {
        int at = address.AsSpan().LastIndexOf((byte)'@');
        if (_settings.LocalIpHost is { } name
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
}

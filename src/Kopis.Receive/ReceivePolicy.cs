using System.Globalization;
using Kopis.Base;
using Kopis.Control;
using Kopis.Mail;

namespace Kopis.Receive;

/// <summary>
/// What SMTP and QMTP share: rcpthosts, databytes, and RELAYCLIENT and DATABYTES for this client.
/// </summary>
internal class ReceivePolicy : IReceivePolicy
{
    private readonly RcptHosts _hosts;
    private readonly RecipientLimits _recipients;
    private readonly DeliveryNames _names;

    /// <summary>Reads the environment.</summary>
    /// <param name="dataBytes">databytes.</param>
    /// <param name="hosts">rcpthosts.</param>
    /// <param name="recipients">maxrcpt and maxrcptrelay.</param>
    /// <param name="names">What recipients are called here.</param>
    /// <param name="environment">This client's.</param>
    /// <param name="mayRelay">Whether it may send anywhere without RELAYCLIENT too.</param>
    /// <exception cref="ConfigurationException">DATABYTES is not a number.</exception>
    internal ReceivePolicy(
        long dataBytes, RcptHosts hosts, RecipientLimits recipients, DeliveryNames names,
        ByteEnvironment environment, bool mayRelay = false)
    {
        _hosts = hosts;
        _recipients = recipients;
        _names = names;
        RelayClient = environment["RELAYCLIENT"] ?? (mayRelay ? [] : null);
        MessageBytesMax = dataBytes;
        if (environment.Text("DATABYTES") is { } text)
        {
            MessageBytesMax =
                long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long most)
                    ? most
                    : throw new ConfigurationException("DATABYTES is not a whole number");
        }
    }

    public long MessageBytesMax { get; }

    public byte[]? RelayClient { get; }

    public int RecipientsMaxFor(byte[]? user) =>
        IsStranger(user) ? _recipients.Strangers : _recipients.Known;

    public int RecipientsBytesMaxFor(byte[]? user) => IsStranger(user)
        ? Math.Min(
            SmtpLimits.RecipientsBytesMax,
            _recipients.Strangers * SmtpLimits.StrangerRecipientBytes)
        : SmtpLimits.RecipientsBytesMax;

    /// <summary>Whether the client may only bring mail for this host.</summary>
    protected bool IsStranger(byte[]? user) => user is null && RelayClient is null;

    public byte[]? LocalAddress(ReadOnlySpan<byte> recipient) => _names.Find(recipient);

    public bool IsOurs(ReadOnlySpan<byte> recipient) => _hosts.Contains(recipient);
}

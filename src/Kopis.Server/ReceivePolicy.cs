using System.Buffers.Text;
using Kopis.Base;
using Kopis.Config.Maps;
using Kopis.Mail.Smtp;

namespace Kopis.Server;

/// <summary>The policy that SMTP and QMTP share: rcpthosts, databytes, and RELAYCLIENT and
/// DATABYTES of this client.</summary>
internal class ReceivePolicy : IReceivePolicy
{
    private readonly RcptHosts _hosts;
    private readonly RecipientLimits _recipients;
    private readonly DeliveryNames _names;

    /// <summary>Reads the environment.</summary>
    /// <param name="dataBytes">databytes.</param>
    /// <param name="hosts">rcpthosts.</param>
    /// <param name="recipients">maxrcpt and maxrcptrelay.</param>
    /// <param name="names">Finds how recipients are delivered here.</param>
    /// <param name="environment">The environment of this client.</param>
    /// <param name="mayRelay">Whether it may relay even without RELAYCLIENT.</param>
    /// <exception cref="ConfigurationException">DATABYTES is not a number.</exception>
    internal ReceivePolicy(
        long dataBytes, RcptHosts hosts, RecipientLimits recipients, DeliveryNames names,
        ByteEnvironment environment, bool mayRelay = false)
    {
        _hosts = hosts;
        _recipients = recipients;
        _names = names;
        RelayClient = environment["RELAYCLIENT"] ?? (mayRelay ? [] : null);
        MessageBytesMax = environment["DATABYTES"] is { } word ? ReadBytes(word) : dataBytes;
    }

    /// <summary>The leading digits, as in qmail. An empty value is zero, which means no limit;
    /// qmail treats any value without digits so.</summary>
    private static long ReadBytes(byte[] word) =>
        word.Length == 0 ? 0
        : word[0] is < (byte)'0' or > (byte)'9'
            ? throw new ConfigurationException("DATABYTES does not begin with a number")
        : Utf8Parser.TryParse(word, out ulong bytes, out _)
            ? (long)Math.Min(bytes, long.MaxValue)
            : long.MaxValue; // Too many digits.

    public long MessageBytesMax { get; }

    public byte[]? RelayClient { get; }

    public int RecipientsMaxFor(byte[]? user) =>
        IsStranger(user) ? _recipients.Strangers : _recipients.Known;

    public int RecipientsBytesMaxFor(byte[]? user) => IsStranger(user)
        ? Math.Min(
            SmtpLimits.RecipientsBytesMax,
            _recipients.Strangers * SmtpLimits.StrangerRecipientBytes)
        : SmtpLimits.RecipientsBytesMax;

    /// <summary>Whether the client may only send mail for this host.</summary>
    protected bool IsStranger(byte[]? user) => user is null && RelayClient is null;

    public RoutedRecipient Route(byte[] recipient) => _names.Route(recipient);

    public bool IsOurs(RoutedRecipient recipient) =>
        recipient.IsSrs || _hosts.Contains(recipient.Address)
        || (_hosts.IsMissed && recipient.Local is not null);
}

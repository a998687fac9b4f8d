using System.Net;
using Kopis.Base;
using Kopis.Mail.Sasl;
using Kopis.Mail.Smtp;
using Kopis.Net.Dns;
using Kopis.Net.Tls;
using Kopis.Server.Plugins;
using Kopis.Server.Submission;

namespace Kopis.Server.Smtp;

/// <summary>The host's settings for SMTP, together with what the environment and TLS add for this
/// client.</summary>
/// <param name="settings">The control files.</param>
/// <param name="services">What sessions use.</param>
/// <param name="client">The client.</param>
/// <param name="refusals">Logs refusals.</param>
/// <param name="tls">The session's TLS; null: plain text.</param>
/// <param name="speaksForOthers">Whether the peer is one of xclients.</param>
/// <exception cref="Base.ConfigurationException">DATABYTES is not a number.</exception>
internal sealed class SmtpPolicy(
    SmtpSettings settings, SmtpServices services, ClientInfo client, RefusalLog refusals,
    TlsInfo? tls, bool speaksForOthers)
    : ReceivePolicy(
        settings.DataBytes, settings.RcptHosts, settings.Recipients, services.Names,
        client.Environment,
        mayRelay: IsNamed(settings, tls)), ISmtpPolicy
{
    private HashSet<IPAddress>? _ownAddresses;

    public ReadOnlyMemory<byte> Greeting => settings.Greeting;

    // Cached, since each MAIL and RCPT uses it.
    private ReadOnlyMemory<byte>? _mechanisms;
    private SmtpExtensions? _extensions;

    public ISubmissionRules? Submission { get; } = services.Logins is null
        ? null
        : new SubmissionRules(
            client.Environment["SUBMISSION"] is not null, settings.Submission, services.Senders);

    /// <summary>The mechanisms of this session; null if AUTH is not offered.</summary>
    internal SaslOffer? Offer { get; } = LoginOffer.To(
        client, tls, services.Logins, settings.Submission);

    public ReadOnlyMemory<byte> Mechanisms =>
        _mechanisms ??= Offer is null ? default(ReadOnlyMemory<byte>) : Offer.ToBytes();

    public IRecipientCheck? Recipients => services.Recipients;

    public ISenderCheck? Senders => services.Senders;

    public bool HasFilters => services.Filters.AreThere;

    public bool IsEncrypted { get; } = tls is not null;

    public SmtpExtensions Extensions => _extensions ??= FindExtensions();

    // Reports of success would go to a sender that may be forged. On a submission port nobody sends
    // without a login, and clients do not send EHLO again after it.
    public SmtpExtensions ExtensionsFor(byte[]? user) =>
        settings.OffersDsnToAll || !IsStranger(user) || client.Environment["SUBMISSION"] is not null
            ? Extensions : Extensions & ~SmtpExtensions.Dsn;

    public bool IsBadSender(ReadOnlySpan<byte> sender) =>
        settings.BadMailFrom.Find(sender) is not null;

    public SmtpAnswer? RefuseMail(byte[]? user) => services.Client.CountMessage(user);

    public SmtpAnswer? RefuseRecipient(SmtpCheck check, in SmtpSubject subject) => check switch
    {
        SmtpCheck.BadMailTo => settings.BadMailTo.Find(subject.Recipient) is null
            ? null : SmtpReply.BadRecipient,
        SmtpCheck.RecipientRate => services.Client.CountRecipient(subject.User),
        _ => IsStranger(subject.User) ? RefuseStranger(check, subject.Helo) : null,
    };

    // Lists and names do not apply to clients that may relay.
    private SmtpAnswer? RefuseStranger(SmtpCheck check, byte[]? helo) => check switch
    {
        SmtpCheck.ClientLists => services.Client.Refusal,
        SmtpCheck.BadHelo => settings.BadHelo.Find(helo) is null ? null : SmtpReply.BadHelo,
        SmtpCheck.HeloName or SmtpCheck.HeloSelf when client.Address is { } address =>
            services.Checks.JudgeHelo(address, helo, IsOwn).Refusal(check),
        _ => null,
    };

    public bool Rules(SmtpHook hook, in SmtpSubject subject)
    {
        if (StageOf(hook) is not { } stage)
        {
            return IsStranger(subject.User) && client.Address is { } address
                && services.Greylist.IsOn && !services.Checks.IsSpared(address);
        }

        services.Plugins.Note(stage, subject);
        return services.Plugins.HasAny(stage);
    }

    /// <summary>The host's decision at a hook.</summary>
    internal async Task<SmtpRuling> RuleAsync(SmtpQuestion question, CancellationToken stop) =>
        StageOf(question.Hook) is { } stage
            ? await services.Plugins.RunAsync(
                stage, question.Subject,
                stage == PluginStage.Rcpt && IsOurs(question.Recipient), stop)
            : await GreylistAsync(question.Subject, client.Address!, stop);

    private async Task<SmtpRuling> GreylistAsync(
        SmtpSubject subject, IPAddress address, CancellationToken stop)
    {
        TimeSpan wait = await services.Greylist.JudgeAsync(
            address, subject.Sender, subject.Recipient,
            () => services.Checks.VouchesAsync(address, subject.Helo, subject.Sender, stop));
        int minutes = (int)Math.Ceiling(wait.TotalMinutes);
        return minutes <= 0 ? SmtpRuling.None : new SmtpRuling
        {
            Refusal = new SmtpAnswer("451 4.7.1 sorry, I have not seen you before, try again in "
                + (minutes == 1 ? "a minute" : $"{minutes} minutes")),
        };
    }

    private static PluginStage? StageOf(SmtpHook hook) => hook switch
    {
        SmtpHook.Helo => PluginStage.Helo,
        SmtpHook.Mail => PluginStage.Mail,
        SmtpHook.Rcpt => PluginStage.Rcpt,
        SmtpHook.Data => PluginStage.Data,
        _ => null,
    };

    public void OnOpened() => services.Plugins.BeginMessage();

    public void OnReset() => services.Plugins.EndTransaction();

    public void OnRefused(SmtpCheck check, SmtpAnswer answer, in SmtpSubject subject) =>
        refusals.Log(check, answer, subject);

    /// <summary>Whether an address is one of this host's. The system is asked once in a session.
    /// </summary>
    internal bool IsOwn(IPAddress address) =>
        (_ownAddresses ??= LocalAddresses.Read()).Contains(OwnAddresses.Plain(address));

    public byte[] NameOwnAddress(byte[] address)
    {
        Address parts = new(address);
        return settings.LocalIpHost is { } name && parts.HasAt
            && LocalAddresses.IsOwnLiteral(parts.Domain, ref _ownAddresses)
                ? [.. parts.Local, (byte)'@', .. name]
                : address;
    }

    private SmtpExtensions FindExtensions()
    {
        SmtpExtensions absent = IsEncrypted ? SmtpExtensions.StartTls
            : services.Tls.IsOffered ? SmtpExtensions.RequireTls
            : SmtpExtensions.RequireTls | SmtpExtensions.StartTls;
        absent |= speaksForOthers ? SmtpExtensions.None : SmtpExtensions.XClient;
        absent |= Mechanisms.IsEmpty ? SmtpExtensions.Auth : SmtpExtensions.None;
        return settings.Extensions & ~absent;
    }

    // Whether the client's certificate names one of control/tlsclients.
    private static bool IsNamed(SmtpSettings settings, TlsInfo? tls) =>
        tls is not null
        && tls.ClientAddresses.Any(address => settings.TlsClients.Contains(address));
}

using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;
using Kopis.Mail.Smtp;
using Kopis.Server.Submission;

namespace Kopis.Server.Smtp;

/// <summary>qmail-smtpd's control files (contract §2.2).</summary>
/// <param name="Greeting">smtpgreeting, else me.</param>
/// <param name="LocalIpHost">localiphost, else me; null for neither.</param>
/// <param name="DataBytes">databytes; zero for no limit.</param>
/// <param name="Timeout">timeoutsmtpd.</param>
/// <param name="RcptHosts">rcpthosts and morercpthosts.cdb.</param>
/// <param name="BadMailFrom">badmailfrom.</param>
/// <param name="BadMailTo">badmailto.</param>
/// <param name="BadHelo">badhelo.</param>
/// <param name="TlsClients">tlsclients.</param>
/// <param name="XClients">xclients.</param>
/// <param name="Recipients">maxrcpt and maxrcptrelay.</param>
/// <param name="Extensions">All extensions but those that smtpextensions removes.</param>
/// <param name="OffersDsnToAll">Whether DSN is offered to everybody, not only to users and clients
/// that may relay.</param>
/// <param name="JournalsSubjects">journalsubjects.</param>
/// <param name="Submission">The settings for users who have logged in.</param>
internal sealed record SmtpSettings(
    byte[] Greeting,
    byte[]? LocalIpHost,
    long DataBytes,
    TimeSpan Timeout,
    RcptHosts RcptHosts,
    PatternList BadMailFrom,
    PatternList BadMailTo,
    PatternList BadHelo,
    ConstMap TlsClients,
    NetworkList XClients,
    RecipientLimits Recipients,
    SmtpExtensions Extensions,
    bool OffersDsnToAll,
    bool JournalsSubjects,
    SubmissionSettings Submission)
{
    private static readonly ControlFile[] Files =
    [
        HostFiles.Me, SmtpFiles.SmtpGreeting, SmtpFiles.LocalIpHost, SmtpFiles.DataBytes,
        SmtpFiles.TimeoutSmtpd, SmtpFiles.BadMailFrom, SmtpFiles.BadMailTo, SmtpFiles.BadHelo,
        ClientFiles.TlsClients, SmtpFiles.XClients, SmtpFiles.SmtpExtensions,
        JournalFiles.Subjects,
        .. RcptHosts.Files, .. RecipientLimits.Files, .. SubmissionSettings.Files,
    ];

    /// <summary>The settings as of each connection; files are read again when changed.</summary>
    internal static Reloading<SmtpSettings> In(ControlDirectory control, TimeProvider time) => new(
        control.Watched(Files), () => Load(control), time);

    private static SmtpSettings Load(ControlDirectory control)
    {
        (SmtpExtensions extensions, bool dsnToAll) = ReadExtensions(control);
        return new SmtpSettings(
            control.ReadLineOrDefault(SmtpFiles.SmtpGreeting)
                ?? throw control.Bad(SmtpFiles.SmtpGreeting, "missing, and so is me"),
            control.ReadLineOrDefault(SmtpFiles.LocalIpHost),
            control.ReadLong(SmtpFiles.DataBytes),
            TimeSpan.FromSeconds(Math.Max(1, control.ReadInt(SmtpFiles.TimeoutSmtpd))),
            RcptHosts.Load(control),
            PatternList.Load(control, SmtpFiles.BadMailFrom),
            PatternList.Load(control, SmtpFiles.BadMailTo),
            PatternList.Load(control, SmtpFiles.BadHelo),
            ConstMap.Set(control.ReadList(ClientFiles.TlsClients) ?? []),
            NetworkList.Load(control, SmtpFiles.XClients),
            RecipientLimits.Load(control),
            extensions,
            dsnToAll,
            control.ReadInt(JournalFiles.Subjects) == 1,
            SubmissionSettings.Load(control));
    }

    // A line -NAME removes an extension; +DSN offers DSN to everybody.
    private static (SmtpExtensions Left, bool DsnToAll) ReadExtensions(ControlDirectory control)
    {
        SmtpExtensions left = SmtpExtensionList.All;
        bool dsnToAll = false;
        _ = control.ReadEach(
            SmtpFiles.SmtpExtensions,
            line =>
            {
                if (Ascii8.EqualsIgnoreCase(line, "+DSN"u8))
                {
                    return dsnToAll = true;
                }

                SmtpExtensions one = line.AsSpan() is [(byte)'-', .. Span<byte> name]
                    ? SmtpExtensionList.Find(ByteText.ToText(name)) : SmtpExtensions.None;
                left &= ~one;
                return one != SmtpExtensions.None;
            },
            "-NAME of an extension");
        return (left, dsnToAll);
    }
}

using Kopis.Base;
using Kopis.Mail.Smtp;
using Kopis.Net.Tls;
using Kopis.Posix;
using Kopis.Queue.Intake;
using Kopis.Server.Checks;
using Kopis.Server.ClientPolicy;
using Kopis.Server.Filters;
using Kopis.Server.Greylist;
using Kopis.Server.Plugins;
using Kopis.Users.Logins;

namespace Kopis.Server.Smtp;

/// <summary>The services of an SMTP session.</summary>
/// <param name="Queue">The way into the queue.</param>
/// <param name="Tls">This host's certificates.</param>
/// <param name="Recipients">Checks whether recipients exist; null: no check.</param>
/// <param name="Senders">Knows users' aliases; null: nobody does.</param>
/// <param name="Client">What the client has done and may do; kept after STARTTLS.</param>
/// <param name="Logins">Checks logins; null: AUTH is not offered.</param>
/// <param name="Checks">The checks of messages.</param>
/// <param name="Filters">The filters that decide about messages and change them.</param>
/// <param name="Plugins">The plugins of this session.</param>
/// <param name="Greylist">The greylist.</param>
/// <param name="Time">The clock.</param>
/// <param name="Names">Finds the addresses by which recipients are delivered.</param>
/// <param name="Log">Writes a line to the log.</param>
/// <param name="Floods">Logs what a client can cause at will, with a limit.</param>
/// <param name="Journal">Writes records to the journal.</param>
internal sealed record SmtpServices(
    IIntakeClient Queue, TlsServer Tls, IRecipientCheck? Recipients, ISenderCheck? Senders,
    ClientState Client, SaslService? Logins, MailChecks Checks, MailFilters Filters,
    SessionPlugins Plugins, GreylistService Greylist, TimeProvider Time, DeliveryNames Names,
    Action<string> Log, LogThrottle Floods, JournalSocket Journal);

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

/// <summary>What an SMTP session uses.</summary>
/// <param name="Queue">Where its messages go.</param>
/// <param name="Tls">This host's certificates.</param>
/// <param name="Recipients">Who knows which addresses there are; null if that is not asked.
/// </param>
/// <param name="Senders">Who knows users' aliases; null where nobody does.</param>
/// <param name="Client">What is held against its client; outlives STARTTLS.</param>
/// <param name="Logins">Who judges logins; null where AUTH is not offered.</param>
/// <param name="Checks">What is asked about messages.</param>
/// <param name="Filters">Who judges and changes messages.</param>
/// <param name="Plugins">The plugins of this session.</param>
/// <param name="Greylist">Who has come before.</param>
/// <param name="Time">The clock.</param>
/// <param name="Names">The addresses of recipients as they are delivered.</param>
/// <param name="Log">Writes a line to the log.</param>
/// <param name="Floods">Writes a log line that a client can cause at will, within limits.</param>
/// <param name="Journal">Takes a record of what happens.</param>
internal sealed record SmtpServices(
    IIntakeClient Queue, TlsServer Tls, IRecipientCheck? Recipients, ISenderCheck? Senders,
    ClientState Client, SaslService? Logins, MailChecks Checks, MailFilters Filters,
    SessionPlugins Plugins, GreylistService Greylist, TimeProvider Time, DeliveryNames Names,
    Action<string> Log, LogThrottle Floods, JournalSocket Journal);

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Mail.Milter;
using Kopis.Mail.Smtp;
using Kopis.Net;
using Kopis.Net.Tls;
using Kopis.Queue.Intake;
using Kopis.Server.Filters;

namespace Kopis.Server.Smtp;

/// <summary>The filters of a session's message, from MAIL to its end, and the facts about the
/// session that they are told.</summary>
/// <param name="connection">The connection.</param>
/// <param name="client">The client.</param>
/// <param name="greeting">The greeting, whose first word is our name.</param>
/// <param name="services">Has the filters.</param>
internal sealed class SessionFilters(
    Connection connection, ClientInfo client, ReadOnlyMemory<byte> greeting, SmtpServices services)
    : IAsyncDisposable
{
    private MessageFilters? _message;
    private int _messages;

    /// <summary>Whether filters are being asked about a message.</summary>
    internal bool AreAsked => _message is not null;

    /// <summary>The mechanism of the login; empty before one.</summary>
    internal byte[] Mechanism { get; set; } = [];

    /// <summary>Asks the filters the session's question.</summary>
    /// <returns>The refusal; null if there is none.</returns>
    internal async ValueTask<SmtpAnswer?> AskAsync(SmtpSession session, CancellationToken stop)
    {
        SmtpQuestion question = session.Question;
        if (question.Filters == FilterStage.Sender)
        {
            await DisposeAsync();
            _message = services.Filters.Begin(
                Mail(session), line => services.Log($"{connection.Number} {line}"),
                services.Floods);
            SmtpAnswer? refusal = await _message.OnSenderAsync(stop);
            if (refusal is not null)
            {
                await DisposeAsync();
            }

            return refusal;
        }

        return _message is null ? null
            : await _message.OnRecipientAsync(question.Recipient.Address, stop);
    }

    /// <summary>The way into the queue for the message; null if no filter is asked.</summary>
    /// <param name="queue">The queue.</param>
    internal FilteredIntake? Hold(IIntakeClient queue) => _message is null ? null
        : new FilteredIntake(queue, _message, services.Filters.Room);

    /// <summary>Ends the message for the filters.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_message is { } message)
        {
            _message = null;
            await message.DisposeAsync();
        }
    }

    private FilteredMail Mail(SmtpSession session)
    {
        byte[] helo = session.Helo ?? [];
        IPAddress? address = client.Address is { } reached ? PlainAddress.Of(reached) : null;
        byte[] text = ByteText.ToBytes(address?.ToString() ?? "");
        byte[]? known = client.Environment["TCPREMOTEHOST"];
        byte[] name = known ?? (address is null ? "localhost"u8.ToArray() : [.. "["u8, .. text,
            .. "]"u8]);
        _ = ushort.TryParse(
            client.Environment.Text("TCPREMOTEPORT"), NumberStyles.None,
            CultureInfo.InvariantCulture, out ushort port);
        char family = address is null ? 'U'
            : address.AddressFamily == AddressFamily.InterNetworkV6 ? '6' : '4';
        string id = string.Create(
            CultureInfo.InvariantCulture,
            $"{services.Time.GetUtcNow().ToUnixTimeSeconds():x}.{connection.Number}.{++_messages}");
        return new FilteredMail(
            id, new MilterClient(name, family, port, text, helo), session.Sender,
            Macros(session, name, text, known));
    }

    private List<(string Name, byte[]? Value)> Macros(
        SmtpSession session, byte[] name, byte[] address, byte[]? known)
    {
        ByteEnvironment environment = client.Environment;
        TlsInfo? tls = connection.Tls;
        ReadOnlySpan<byte> text = greeting.Span;
        int blank = text.IndexOf((byte)' ');
        byte[] me = (blank < 0 ? text : text[..blank]).ToArray();
        return
        [
            ("j", me),
            ("v", "Kopis"u8.ToArray()),
            ("_", [.. name, .. " ["u8, .. address, .. "]"u8]),
            ("{daemon_name}", me), // As in Postfix; rspamd uses it as our name.
            ("{daemon_addr}", environment["TCPLOCALIP"]),
            ("{daemon_port}", environment["TCPLOCALPORT"]),
            ("{client_addr}", address),
            ("{client_name}", name),
            ("{client_ptr}", known),
            ("{client_port}", environment["TCPREMOTEPORT"]),
            ("{tls_version}", tls is null ? null : ByteText.ToBytes(tls.Protocol)),
            ("{cipher}", tls is null ? null : ByteText.ToBytes(tls.Cipher)),
            ("{auth_authen}", session.User),
            ("{auth_type}", session.User is null ? null : Mechanism),
            ("{mail_mailer}", "smtp"u8.ToArray()),
            ("{rcpt_mailer}", "smtp"u8.ToArray()),
        ];
    }
}

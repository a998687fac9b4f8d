using System.Net;
using Kopis.Base;
using Kopis.Mail.Smtp;

namespace Kopis.Server.ClientPolicy;

/// <summary>What one client may do and has done in one session. Disposed with the session.
/// </summary>
public sealed class ClientState : IDisposable
{
    private readonly ClientSettings? _settings;
    private readonly UseTables? _tables;
    private readonly LogThrottle _log;
    private readonly ClientKeys _keys;
    private int _steps;
    private int _faults;
    private bool _isOpen;

    private ClientState(
        ClientSettings? settings, UseTables? tables, IPAddress? client, LogThrottle log)
    {
        _settings = settings;
        _tables = tables;
        _log = log;
        _keys = ClientKeys.Of(client);
    }

    /// <summary>Why it is turned away before the greeting; null if it is not.</summary>
    public SmtpAnswer? TurnedAway { get; internal set; }

    /// <summary>The reply to each of its recipients, unless it may relay; null if mail is accepted.
    /// </summary>
    public SmtpAnswer? Refusal { get; internal set; }

    /// <summary>A header field with its LF for each message; may be empty.</summary>
    public string Mark { get; internal set; } = "";

    /// <summary>The state of a client that is not checked; only users who log in are counted.
    /// </summary>
    internal static ClientState OfUsersOnly(UseTables tables, LogThrottle log) =>
        new(null, tables, null, log);

    /// <summary>Counts a MAIL command.</summary>
    /// <param name="user">The user who has logged in; null: nobody.</param>
    /// <returns>Why it is refused; null if it is not.</returns>
    public SmtpAnswer? CountMessage(byte[]? user) => Count(LimitSubject.Messages, user);

    /// <summary>Counts a RCPT command in the way of <see cref="CountMessage"/>.</summary>
    public SmtpAnswer? CountRecipient(byte[]? user)
    {
        Step();
        return Count(LimitSubject.Recipients, user);
    }

    /// <summary>Counts an error.</summary>
    /// <returns>Why the session ends; null if it does not.</returns>
    public SmtpAnswer? CountError(byte[]? user)
    {
        Step();
        return _tables?.AddError(With(user)) is { } limit
            ? Over(limit, "421", "4.7.0", user) : null;
    }

    /// <summary>Counts the faults that a line has added to the session.</summary>
    /// <returns>Why the session ends; null if it does not.</returns>
    internal SmtpAnswer? AfterLine(int faults, byte[]? user)
    {
        SmtpAnswer? over = null;
        for (_faults = Math.Min(_faults, faults); _faults < faults; _faults++)
        {
            over = CountError(user) ?? over;
        }

        return over;
    }

    /// <summary>How long to delay the reply to what was counted.</summary>
    public TimeSpan Delay { get; private set; }

    /// <summary>The same, and resets the delay.</summary>
    public TimeSpan NextDelay()
    {
        TimeSpan delay = Delay;
        Delay = TimeSpan.Zero;
        return delay;
    }

    /// <summary>Releases its connection.</summary>
    public void Dispose()
    {
        if (_isOpen)
        {
            _isOpen = false;
            _tables!.Close(_keys);
        }
    }

    /// <summary>Makes the state of a checked client, and counts its connection if the limits allow
    /// one; otherwise the client is turned away.</summary>
    internal static ClientState Open(
        ClientSettings settings, UseTables tables, IPAddress? client, LogThrottle log)
    {
        ClientState standing = new(settings, tables, client, log);
        if (tables.TryOpen(standing._keys) is { } limit)
        {
            standing.TurnedAway = standing.Over(limit, "421", "4.7.0", user: null);
        }
        else
        {
            standing._isOpen = true;
        }

        return standing;
    }

    private void Step()
    {
        if (_settings is { TarpitCount: > 0 and int free } settings && ++_steps > free)
        {
            Delay = settings.TarpitDelay;
        }
    }

    private SmtpAnswer? Count(LimitSubject subject, byte[]? user) =>
        _tables?.TryUse(subject, With(user)) is { } limit
            ? Over(limit, "450", "4.7.1", user) : null;

    private ClientKeys With(byte[]? user) => user is null ? _keys
        : _keys with { User = ByteText.ToText(user).ToLowerInvariant() };

    private SmtpAnswer Over(ClientLimit limit, string code, string status, byte[]? user)
    {
        string what = limit.Subject.ToString().ToLowerInvariant();
        string whose = LogText.Safe(ByteText.ToBytes(With(user).In(limit.Scope) ?? ""));
        _log.Write($"{code} too many {what}", $"{code} too many {what} of {whose}");
        return new SmtpAnswer(
            $"{code} {status} sorry, too many {what} from you, try again later");
    }
}

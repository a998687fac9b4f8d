using System.Net;
using Kopis.Base;
using Kopis.Config;
using Kopis.Mail.Pop3;
using Kopis.Mail.Sasl;
using Kopis.Net;
using Kopis.Users.Logins;
using Kopis.Users.Lookup;
using Kopis.Users.Tickets;
using Kopis.Users.Virtual;

namespace Kopis.Server.Pop3;

/// <summary>Checks logins for a listener with our own chain. In single-user mode it reads the users
/// itself. Otherwise it asks qmail-lookup, and gets a ticket for root's process.</summary>
internal sealed class Pop3Logins
{
    private readonly Accounts? _accounts;
    private readonly SaslService _desk;
    private readonly Reloading<Pop3Settings> _settings;

    /// <summary>Reads the settings.</summary>
    /// <param name="home">The qmail home.</param>
    /// <param name="isOneUser">Whether all of Kopis runs as our own user.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Writes one line to the log.</param>
    /// <exception cref="ConfigurationException">A control file, or the users, cannot be parsed.
    /// </exception>
    internal Pop3Logins(string home, bool isOneUser, TimeProvider time, Action<string> log)
    {
        ControlDirectory control = new(
            Path.Combine(home, "control"), line => log($"warning: {line}"));
        _settings = Pop3Settings.In(control, time);
        _ = _settings.Current();
        LoginLimiter limiter = new(time, LoginLimits.Read(control));
        LookupClient lookup = new(home, time);
        Watch = new LoginWatch(home, lookup, time);
        SharedLimits limits = new(lookup, limiter);
        ILoginService logins;
        if (isOneUser)
        {
            // If qmail-lookup runs, it logs faults in the users' files.
            Action<string> complain = line =>
            {
                if (!LookupClient.IsServed(home))
                {
                    log(line);
                }
            };
            Accounts accounts = new(home, hasHostUsers: false, complain);
            _ = accounts.Find("nobody@invalid"u8);
            _accounts = accounts;
            LoginChecker gate = new(name => accounts.Find(name), time, limiter, limits);
            logins = new LocalLogins(
                gate, new ApopSecrets(home, complain), hasHostUsers: false, time, log);
        }
        else
        {
            TicketClient.WaitUntilServed(home);
            logins = new LookupClient(home, time, forReaders: true);
        }

        _desk = new SaslService(
            logins, BearerTokens.In(control, time),
            new LimitedLoginService(logins, limits, time));
    }

    /// <summary>Ends sessions whose login is no longer valid.</summary>
    internal LoginWatch Watch { get; }

    /// <summary>The capabilities that a connection is offered.</summary>
    /// <exception cref="ConfigurationException">A control file cannot be read at present.
    /// </exception>
    internal Pop3Offer OfferTo(Connection connection, bool hasTls)
    {
        Pop3Settings settings = _settings.Current();
        bool offersTls = connection.Tls is null && hasTls;

        // What clients on this host send crosses no network.
        bool isPrivate = !offersTls || settings.PasswordsInTheClear
            || connection.Remote is not { } remote || IPAddress.IsLoopback(remote.Address);
        SaslOffer sasl = new(
            isPrivate ? _desk.Mechanisms(settings.Mechanisms) : [],
            connection.Tls?.EndPointBinding);
        return new Pop3Offer(offersTls, isPrivate, sasl);
    }

    /// <summary>Answers a question of a login; a No is delayed.</summary>
    /// <exception cref="OperationCanceledException">The listener is ending.</exception>
    internal Task<SaslAnswer> AnswerAsync(
        IPAddress peer, SaslQuestion question, CancellationToken stop) =>
        _desk.AnswerAsync(peer, question, stop);

    /// <summary>How many sessions of one mailbox there may be at once.</summary>
    /// <exception cref="ConfigurationException">A control file cannot be read at present.
    /// </exception>
    internal int SessionsMax => _settings.Current().SessionsMax;

    /// <summary>The client that has logged in; null if it has no mailbox here, as may be for the
    /// account of a token.</summary>
    /// <exception cref="ConfigurationException">The account cannot be looked up at present.
    /// </exception>
    internal Pop3Client? ClientOf(string name, byte[] ticket) =>
        _accounts is null ? new Pop3Client(name, null, ticket)
        : _accounts.Find(ByteText.ToBytes(name)).Account is { } account
            ? new Pop3Client(account.Name, account, [])
        : null;
}

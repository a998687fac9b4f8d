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

/// <summary>Who may read whose mail, as a listener of our own chain knows it. Where all of Kopis is
/// one user it reads the users itself; else it asks qmail-lookup, and gets a ticket for root.
/// </summary>
internal sealed class Pop3Logins
{
    private readonly Accounts? _accounts;
    private readonly SaslService _desk;
    private readonly Reloading<Pop3Settings> _settings;

    /// <summary>Prepares it.</summary>
    /// <param name="home">The qmail home.</param>
    /// <param name="isOneUser">Whether the users are our own.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Writes one line to the log.</param>
    /// <exception cref="ConfigurationException">A control file, or the users, cannot be
    /// understood.</exception>
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
            // Where qmail-lookup runs, that says what is wrong with the users.
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

    /// <summary>Ends sessions whose login holds no more.</summary>
    internal LoginWatch Watch { get; }

    /// <summary>What a connection offers.</summary>
    /// <exception cref="ConfigurationException">A control file is in no state to say.</exception>
    internal Pop3Offer OfferTo(Connection connection, bool hasTls)
    {
        Pop3Settings settings = _settings.Current();
        bool offersTls = connection.Tls is null && hasTls;

        // What the host's own clients say crosses no network.
        bool isPrivate = !offersTls || settings.PasswordsInTheClear
            || connection.Remote is not { } remote || IPAddress.IsLoopback(remote.Address);
        SaslOffer sasl = new(
            isPrivate ? _desk.Mechanisms(settings.Mechanisms) : [],
            connection.Tls?.EndPointBinding);
        return new Pop3Offer(offersTls, isPrivate, sasl);
    }

    /// <summary>Answers a question of a login; a No comes after a wait.</summary>
    /// <exception cref="OperationCanceledException">The listener is ending.</exception>
    internal Task<SaslAnswer> AnswerAsync(
        IPAddress peer, SaslQuestion question, CancellationToken stop) =>
        _desk.AnswerAsync(peer, question, stop);

    /// <summary>Sessions of one mailbox at once.</summary>
    /// <exception cref="ConfigurationException">A control file is in no state to say.</exception>
    internal int SessionsMax => _settings.Current().SessionsMax;

    /// <summary>Who has logged in; null without a mailbox, as for a token whose account has
    /// none here.</summary>
    /// <exception cref="ConfigurationException">It is not known at present.</exception>
    internal Pop3Client? ClientOf(string name, byte[] ticket) =>
        _accounts is null ? new Pop3Client(name, null, ticket)
        : _accounts.Find(ByteText.ToBytes(name)).Account is { } account
            ? new Pop3Client(account.Name, account, [])
        : null;
}

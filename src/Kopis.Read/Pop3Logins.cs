using System.Net;
using Kopis.Base;
using Kopis.Control;
using Kopis.Mail;
using Kopis.Net;
using Kopis.Users;

namespace Kopis.Read;

/// <summary>Who may read whose mail, as a listener of our own chain knows it: the users, and an
/// issuer of tokens.</summary>
internal sealed class Pop3Logins
{
    private readonly Accounts _accounts;
    private readonly SaslDesk _desk;
    private readonly Reloading<Pop3Settings> _settings;

    /// <summary>Prepares it.</summary>
    /// <param name="home">The qmail home.</param>
    /// <param name="hasHostUsers">Whether users of the host can be let in.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Takes one line for people.</param>
    /// <exception cref="ConfigurationException">A control file, or the users, cannot be
    /// understood.</exception>
    internal Pop3Logins(string home, bool hasHostUsers, TimeProvider time, Action<string> log)
    {
        ControlDirectory control = new(Path.Combine(home, "control"));
        _accounts = new Accounts(home, hasHostUsers);
        _ = _accounts.Find("nobody@invalid"u8);
        _settings = Pop3Settings.In(control, time);
        _ = _settings.Current();
        LoginGate gate = new(name => _accounts.Find(name), time);
        GateLogins logins = new(gate, new ApopSecrets(home), hasHostUsers, time, log);
        _desk = new SaslDesk(
            logins, BearerTokens.In(control, time),
            new LimitedLogins(logins, new LoginLimiter(time), time));
    }

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

    /// <summary>The mailbox of who has logged in; null where there is none, as for a token whose
    /// account has none here.</summary>
    /// <exception cref="ConfigurationException">It cannot be said at present.</exception>
    internal Account? AccountOf(string name) => _accounts.Find(ByteText.ToBytes(name)).Account;
}

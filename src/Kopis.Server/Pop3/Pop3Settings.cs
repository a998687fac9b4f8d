using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Users.Logins;

namespace Kopis.Server.Pop3;

/// <summary>The control files about reading mail.</summary>
/// <param name="Mechanisms">saslmechanisms, strongest first; null if there is none.</param>
/// <param name="PasswordsInTheClear">pop3cleartext: whether passwords may be sent in plain text
/// though TLS is offered.</param>
/// <param name="SessionsMax">concurrencypop3: sessions of one mailbox at once.</param>
internal sealed record Pop3Settings(
    IReadOnlyList<string>? Mechanisms, bool PasswordsInTheClear, int SessionsMax)
{
    /// <summary>The settings at the time of each session.</summary>
    internal static Reloading<Pop3Settings> In(ControlDirectory control, TimeProvider time) =>
        new(
            control.Watched(
            [
                LoginFiles.SaslMechanisms, LoginFiles.Pop3ClearText, LoginFiles.ConcurrencyPop3,
            ]),
            () => Load(control), time);

    /// <exception cref="Base.ConfigurationException">A file cannot be parsed.</exception>
    private static Pop3Settings Load(ControlDirectory control) => new(
        SaslMechanisms.Read(control), control.ReadInt(LoginFiles.Pop3ClearText) != 0,
        control.ReadInt(LoginFiles.ConcurrencyPop3));
}

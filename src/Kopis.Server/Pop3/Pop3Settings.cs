using Kopis.Config;
using Kopis.Users.Logins;

namespace Kopis.Server.Pop3;

/// <summary>The control files about who reads mail.</summary>
/// <param name="Mechanisms">saslmechanisms, strongest first; null where there is none.</param>
/// <param name="PasswordsInTheClear">pop3cleartext: passwords may cross the network as they are
/// though TLS is offered.</param>
/// <param name="SessionsMax">concurrencypop3: sessions of one mailbox at once.</param>
internal sealed record Pop3Settings(
    IReadOnlyList<string>? Mechanisms, bool PasswordsInTheClear, int SessionsMax)
{
    private const string ClearText = "pop3cleartext";
    private const string Sessions = "concurrencypop3";
    private const int SessionsDefault = 20; // A mail program has one or two.

    /// <summary>As they are at each session.</summary>
    internal static Reloading<Pop3Settings> In(ControlDirectory control, TimeProvider time) =>
        new(
            [
                .. ((string[])[SaslMechanisms.FileName, ClearText, Sessions])
                    .Select(name => Path.Combine(control.Directory, name)),
            ],
            () => Load(control), time);

    /// <exception cref="ConfigurationException">One cannot be understood.</exception>
    private static Pop3Settings Load(ControlDirectory control) => new(
        SaslMechanisms.Read(control), control.ReadInt(ClearText, 0) != 0,
        control.ReadInt(Sessions, SessionsDefault, least: 1));
}

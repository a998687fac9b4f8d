using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Users.Logins;

/// <summary>How many logins may fail within a time that begins with the first failure.</summary>
/// <param name="Tries">For an IPv4 address or an IPv6 /64. A person makes a few mistakes; OWASP's
/// Authentication Cheat Sheet leaves the number to the site.</param>
/// <param name="NetworkTries">For an IPv4 /24 or an IPv6 /48. Lower than that for an account, so
/// that no single network can lock a person out.</param>
/// <param name="AccountTries">For an account.</param>
/// <param name="Window">The time.</param>
public sealed record LoginLimits(
    int Tries, int NetworkTries, int AccountTries, TimeSpan Window)
{
    /// <summary>The limits if there are no control files.</summary>
    public static LoginLimits Default { get; } = new(
        (int)LoginFiles.LoginTries.Value!, (int)LoginFiles.LoginNetworkTries.Value!,
        (int)LoginFiles.LoginAccountTries.Value!,
        TimeSpan.FromSeconds(LoginFiles.LoginWindow.Value!.Value));

    /// <summary>Reads the control files logintries, loginnetworktries, loginaccounttries and
    /// loginwindow (seconds).</summary>
    /// <exception cref="Base.ConfigurationException">A file cannot be parsed.</exception>
    public static LoginLimits Read(ControlDirectory control) => new(
        control.ReadInt(LoginFiles.LoginTries), control.ReadInt(LoginFiles.LoginNetworkTries),
        control.ReadInt(LoginFiles.LoginAccountTries),
        control.ReadSeconds(LoginFiles.LoginWindow));
}

using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Users.Logins;

/// <summary>How many logins may fail within a window of time, from the first failure on.</summary>
/// <param name="Tries">Of an IPv4 address or an IPv6 /64. A person errs a few times; OWASP's
/// Authentication Cheat Sheet leaves the number to the site.</param>
/// <param name="NetworkTries">Of an IPv4 /24 or an IPv6 /48. Less than an account's, so that no
/// network alone can lock a person out.</param>
/// <param name="AccountTries">At an account.</param>
/// <param name="Window">The time.</param>
public sealed record LoginLimits(
    int Tries, int NetworkTries, int AccountTries, TimeSpan Window)
{
    /// <summary>Without control files.</summary>
    public static LoginLimits Default { get; } = new(
        (int)LoginFiles.LoginTries.Value!, (int)LoginFiles.LoginNetworkTries.Value!,
        (int)LoginFiles.LoginAccountTries.Value!,
        TimeSpan.FromSeconds(LoginFiles.LoginWindow.Value!.Value));

    /// <summary>Those of the control files logintries, loginnetworktries, loginaccounttries and
    /// loginwindow (seconds).</summary>
    /// <exception cref="Base.ConfigurationException">One cannot be parsed.</exception>
    public static LoginLimits Read(ControlDirectory control) => new(
        control.ReadInt(LoginFiles.LoginTries), control.ReadInt(LoginFiles.LoginNetworkTries),
        control.ReadInt(LoginFiles.LoginAccountTries),
        control.ReadSeconds(LoginFiles.LoginWindow));
}

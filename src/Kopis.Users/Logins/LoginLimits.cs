using Kopis.Config;

namespace Kopis.Users.Logins;

/// <summary>How many logins may fail within a window of time, from the first failure on.</summary>
/// <param name="Tries">Of an IPv4 address or an IPv6 /64. A person errs a few times; OWASP's
/// Authentication Cheat Sheet leaves the number to the site.</param>
/// <param name="NetworkTries">Of an IPv4 /24 or an IPv6 /48. Less than an account's, so that no
/// network alone can shut a person out.</param>
/// <param name="AccountTries">At an account.</param>
/// <param name="Window">The time.</param>
public sealed record LoginLimits(
    int Tries, int NetworkTries, int AccountTries, TimeSpan Window)
{
    private const int TriesMost = 1_000_000;
    private const int WindowMostSeconds = 30 * 24 * 3600;

    /// <summary>Without control files.</summary>
    public static LoginLimits Default { get; } = new(10, 40, 50, TimeSpan.FromMinutes(10));

    /// <summary>Those of the control files logintries, loginnetworktries, loginaccounttries and
    /// loginwindow (seconds).</summary>
    /// <exception cref="Base.ConfigurationException">One cannot be understood.</exception>
    public static LoginLimits Read(ControlDirectory control) => new(
        control.ReadInt("logintries", Default.Tries, least: 1, TriesMost),
        control.ReadInt("loginnetworktries", Default.NetworkTries, least: 1, TriesMost),
        control.ReadInt("loginaccounttries", Default.AccountTries, least: 1, TriesMost),
        TimeSpan.FromSeconds(control.ReadInt(
            "loginwindow", (int)Default.Window.TotalSeconds, least: 1, WindowMostSeconds)));
}

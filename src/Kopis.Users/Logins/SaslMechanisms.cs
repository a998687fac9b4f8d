using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Mail.Sasl;

namespace Kopis.Users.Logins;

/// <summary><c>control/saslmechanisms</c>: what a site allows, for SMTP and POP3.</summary>
public static class SaslMechanisms
{
    /// <summary>Its mechanisms, strongest first; null without it, which means all that every user
    /// can log in by. One that we do not know is not offered, with a warning.</summary>
    /// <exception cref="ConfigurationException">We know none of them.</exception>
    public static IReadOnlyList<string>? Read(ControlDirectory control)
    {
        HashSet<string> allowed = [];
        IReadOnlyList<string>? faults = control.ReadEach(
            LoginFiles.SaslMechanisms,
            line => TryAdd(allowed, ByteText.ToText(line).ToUpperInvariant()),
            "one of " + string.Join(", ", SaslOffer.All));
        return faults is null ? null : allowed.Count > 0 || faults.Count == 0
            ? [.. SaslOffer.All.Where(allowed.Contains)]
            : throw control.Bad(LoginFiles.SaslMechanisms, "no mechanism is known");
    }

    private static bool TryAdd(HashSet<string> allowed, string name)
    {
        bool isKnown = SaslOffer.All.Contains(name);
        if (isKnown)
        {
            allowed.Add(name);
        }

        return isKnown;
    }
}

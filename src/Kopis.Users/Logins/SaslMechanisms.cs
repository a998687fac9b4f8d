using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Mail.Sasl;

namespace Kopis.Users.Logins;

/// <summary><c>control/saslmechanisms</c>: what a site allows, for SMTP and POP3.</summary>
public static class SaslMechanisms
{
    /// <summary>Its mechanisms, strongest first; null without it, which means all that every user
    /// can log in by.</summary>
    /// <exception cref="ConfigurationException">There is one that we do not know.</exception>
    public static IReadOnlyList<string>? Read(ControlDirectory control)
    {
        if (control.ReadList(LoginFiles.SaslMechanisms) is not { } lines)
        {
            return null;
        }

        HashSet<string> allowed =
            [.. lines.Select(line => ByteText.ToText(line).ToUpperInvariant())];
        return allowed.IsSubsetOf(SaslOffer.All)
            ? [.. SaslOffer.All.Where(allowed.Contains)]
            : throw control.Bad(
                LoginFiles.SaslMechanisms, "only " + string.Join(", ", SaslOffer.All));
    }
}

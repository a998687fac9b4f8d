using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Mail.Sasl;

namespace Kopis.Users.Logins;

/// <summary>Reads <c>control/saslmechanisms</c>: the mechanisms that a site allows, for SMTP and
/// POP3.</summary>
public static class SaslMechanisms
{
    /// <summary>The allowed mechanisms, strongest first. Null if there is no file: then all
    /// mechanisms by which every user can log in are allowed. An unknown name is skipped, with a
    /// warning.</summary>
    /// <exception cref="ConfigurationException">No name in the file is known.</exception>
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

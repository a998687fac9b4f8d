using Kopis.Config;

namespace Kopis.Users.Logins;

/// <summary>The token issuer that the control files name. A process may keep this object: an issuer
/// that is named later is used from then on. May be used from many threads.</summary>
public sealed class BearerIssuer(ControlDirectory control, TimeProvider time)
{
    private BearerTokens? _tokens;

    /// <summary>The issuer; null if none is named.</summary>
    /// <exception cref="Base.ConfigurationException">A control file cannot be parsed.</exception>
    public BearerTokens? Current() => _tokens ??= BearerTokens.In(control, time);
}

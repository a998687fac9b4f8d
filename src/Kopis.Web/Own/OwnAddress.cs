using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Web.Own;

/// <summary>Detects forwards that would send a user's mail back to that user.</summary>
internal static class OwnAddress
{
    /// <summary>Whether one of these addresses is certainly the user's own. At another domain of
    /// the host, the name of a user of the host may belong to a virtual user or an alias.</summary>
    /// <param name="control">Has the name of the host.</param>
    /// <param name="account">A virtual user's address, or the name of a user of the host.</param>
    /// <param name="addresses">The addresses; they are ASCII and have a domain.</param>
    /// <exception cref="ConfigurationException">A control file cannot be read.</exception>
    internal static bool IsAmong(
        ControlDirectory control, string account, IEnumerable<string> addresses)
    {
        string own = account.Contains('@')
            ? account : $"{account}@{ByteText.ToText(control.ReadLine(HostFiles.Me) ?? [])}";
        return addresses.Any(one => one.Equals(own, StringComparison.OrdinalIgnoreCase));
    }
}

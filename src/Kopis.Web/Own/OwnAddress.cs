using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Web.Own;

/// <summary>Whether mail that a user forwards would come back to him.</summary>
internal static class OwnAddress
{
    /// <summary>Whether one of these addresses is the user's own for sure: at another domain of
    /// the host a user of the host may have a namesake, who is virtual or an alias.</summary>
    /// <param name="control">Has the host's name.</param>
    /// <param name="account">A virtual user's address, or the name of a user of the host.</param>
    /// <param name="addresses">ASCII, with a domain.</param>
    /// <exception cref="ConfigurationException">A control file cannot be read.</exception>
    internal static bool IsAmong(
        ControlDirectory control, string account, IEnumerable<string> addresses)
    {
        string own = account.Contains('@')
            ? account : $"{account}@{ByteText.ToText(control.ReadLine(HostFiles.Me) ?? [])}";
        return addresses.Any(one => one.Equals(own, StringComparison.OrdinalIgnoreCase));
    }
}

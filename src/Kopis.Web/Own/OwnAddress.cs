using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;

namespace Kopis.Web.Own;

/// <summary>Whether mail that a user forwards would come back to him.</summary>
internal static class OwnAddress
{
    /// <summary>Whether one of these addresses is the user's own; aliases are not known here.
    /// </summary>
    /// <param name="control">Says where addresses go.</param>
    /// <param name="account">A virtual user's address, or the name of a user of the host, who has
    /// one at each domain that is this host's.</param>
    /// <param name="addresses">ASCII, with a domain.</param>
    /// <exception cref="ConfigurationException">A control file cannot be read.</exception>
    internal static bool IsAmong(
        ControlDirectory control, string account, IEnumerable<string> addresses)
    {
        AddressMap map = AddressMap.Read(control);
        return addresses.Any(address => Is(map, account, address));
    }

    private static bool Is(AddressMap map, string account, string address)
    {
        if (account.Contains('@'))
        {
            return address.Equals(account, StringComparison.OrdinalIgnoreCase);
        }

        string routed = ByteText.ToText(
            map.Route(ByteText.ToBytes(address), out bool isLocal));
        return isLocal && routed[..routed.LastIndexOf('@')]
            .Equals(account, StringComparison.OrdinalIgnoreCase);
    }
}

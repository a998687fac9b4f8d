using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;

namespace Kopis.Remote;

/// <summary>The senders of this host: addresses in domains that it delivers or accepts mail for,
/// and at its own name.</summary>
internal sealed class OwnSenders
{
    private readonly AddressMap _addresses;
    private readonly RcptHosts _hosts;
    private readonly byte[]? _me;

    private OwnSenders(AddressMap addresses, RcptHosts hosts, byte[]? me) =>
        (_addresses, _hosts, _me) = (addresses, hosts, me);

    /// <summary>Reads the control files.</summary>
    /// <exception cref="ConfigurationException">A file cannot be used.</exception>
    internal static OwnSenders Read(ControlDirectory control) => new(
        AddressMap.Read(control),
        RcptHosts.Load(new ControlDirectory(control.Directory)), // Listeners warn if it is missing.
        control.ReadLine(HostFiles.Me));

    /// <summary>The same; null if a file cannot be used.</summary>
    internal static OwnSenders? TryRead(ControlDirectory control)
    {
        try
        {
            return Read(control);
        }
        catch (ConfigurationException)
        {
            return null;
        }
    }

    /// <summary>Whether a sender is one of this host's.</summary>
    /// <param name="sender">An address with a domain.</param>
    internal bool Contains(ReadOnlySpan<byte> sender)
    {
        _ = _addresses.Route(sender, out bool isLocal);
        return isLocal
            || (!_hosts.IsOpen && _hosts.Contains(sender)) // An open list has all domains.
            || (_me is not null
                && Ascii8.EqualsIgnoreCase(new Address(sender).Domain, _me));
    }
}

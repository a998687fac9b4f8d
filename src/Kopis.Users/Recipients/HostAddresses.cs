using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Maps;

namespace Kopis.Users.Recipients;

/// <summary>Addresses of users of the host. Each user has one at every domain that routes to the
/// host's users, unless users/assign or a virtual user or alias has that address. May be used from
/// many threads.</summary>
/// <param name="home">The qmail home.</param>
public sealed class HostAddresses(string home)
{
    private readonly Lock _lock = new(); // users/cdb is reread by one thread at a time.
    private readonly UsersCdb _assigned = new(home);
    private readonly VirtualLookup _virtual = new(home, identity: null);
    private readonly Reloading<AddressMap> _map = new(
        new ControlDirectory(Path.Combine(home, "control")).Watched(AddressMap.Files),
        () => AddressMap.Read(new ControlDirectory(Path.Combine(home, "control"))),
        TimeProvider.System);

    /// <summary>The local part, perhaps with an extension, by which to look up the user of the host
    /// whose address this is; null if it belongs to none.</summary>
    /// <exception cref="ConfigurationException">This cannot be determined at present.</exception>
    public byte[]? LocalPartOf(ReadOnlySpan<byte> address)
    {
        if (!new Address(address).HasAt)
        {
            return null;
        }

        byte[] routed = _map.Current().Route(address, out bool isLocal);
        Address parts = new(routed);
        if (!isLocal || parts.Local.IsEmpty || routed.Contains((byte)0))
        {
            return null;
        }

        byte[] local = Ascii8.ToLower(parts.Local);
        LookupResult found;
        lock (_lock)
        {
            found = _assigned.Find(local);
            found = found == LookupResult.Nobody
                ? _virtual.Find(local, parts.Domain) : found;
        }

        return found == LookupResult.Nobody ? local
            : found.User is not { } user
                ? throw new ConfigurationException(
                    $"the owner of {LogText.Safe(address)} is unknown at present")
            : user.Below is null && user.Instructions is null
                ? (byte[])[.. user.Name, .. user.Dash, .. user.Ext]
            : null;
    }

    /// <summary>Whether an address belongs to a user, or is an extension of the user's address.
    /// </summary>
    /// <param name="user">The user's name, or one of the user's addresses.</param>
    /// <param name="address">The address.</param>
    /// <exception cref="ConfigurationException">This cannot be determined at present.</exception>
    public bool Has(ReadOnlySpan<byte> user, ReadOnlySpan<byte> address)
    {
        byte[]? name = user.Contains((byte)'@') ? LocalPartOf(user) : Ascii8.ToLower(user);
        return name is { Length: > 0 } && LocalPartOf(address) is { } local
            && local.AsSpan().StartsWith(name)
            && (local.Length == name.Length || local[name.Length] == (byte)'-');
    }
}

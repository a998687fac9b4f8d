using System.Net;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;

namespace Kopis.Net.Dns;

/// <summary><c>control/moreipme</c> and <c>control/notipme</c>, in the format of a patch for qmail.
/// </summary>
public sealed class OwnAddressLists
{
    private readonly NetworkList _more;
    private readonly NetworkList _not;

    private OwnAddressLists(NetworkList more, NetworkList not) => (_more, _not) = (more, not);

    /// <summary>Reads the files. A faulty line is ignored, with a warning.</summary>
    /// <exception cref="Base.ConfigurationException">A file cannot be read.</exception>
    public static OwnAddressLists Read(ControlDirectory control) => new(
        NetworkList.Load(control, RemoteFiles.MoreIpMe),
        NetworkList.Load(control, RemoteFiles.NotIpMe));

    /// <summary>Whether an address is this host's; null if the files do not say.</summary>
    public bool? IsOwn(IPAddress address) => _not.Contains(address) ? false
        : _more.Contains(address) ? true : null;
}

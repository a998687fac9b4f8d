using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Microsoft.AspNetCore.Http;

namespace Kopis.Web.Server;

/// <summary>The names by which the dashboard is reached. If another site points its own name here
/// (DNS rebinding), its page still sends that name, which is not ours.</summary>
internal sealed class HostNames
{
    /// <summary>The port at which the manual's ssh(1) tunnel begins on another host.</summary>
    private const int TunnelPort = 2580;

    private readonly HashSet<string> _plain = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _secure = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="places">The places where we listen.</param>
    /// <param name="control">The directory that holds <c>webnames</c>.</param>
    /// <remarks><c>localhost</c> is our name only if we listen at both its addresses: a browser may
    /// use either, and another user of the host may listen at the other.</remarks>
    internal HostNames(IReadOnlyList<IPEndPoint> places, ControlDirectory control)
    {
        foreach (IPEndPoint place in places)
        {
            Add(place.Address, place.Port);
            if (Has(places, IPAddress.Loopback, place.Port)
                && (Has(places, IPAddress.IPv6Loopback, place.Port) || !Socket.OSSupportsIPv6))
            {
                _plain.Add($"localhost:{place.Port}");
                _plain.Add($"localhost:{TunnelPort}");
            }
        }

        foreach (byte[] line in control.ReadList(WebFiles.Names) ?? [])
        {
            _secure.Add(ByteText.ToText(line));
        }
    }

    private static bool Has(IReadOnlyList<IPEndPoint> places, IPAddress address, int port) =>
        places.Contains(new IPEndPoint(address, port));

    private void Add(IPAddress address, int port)
    {
        _plain.Add($"{new IPEndPoint(address, port)}");
        _plain.Add($"{new IPEndPoint(address, TunnelPort)}");
    }

    /// <summary>Whether a request is for one of our names.</summary>
    internal bool Contains(HttpRequest request) =>
        request.Headers.Host is [{ } host] && (_plain.Contains(host) || _secure.Contains(host));

    /// <summary>Whether the client speaks TLS, to a web server in front that has the name.
    /// </summary>
    internal bool IsSecure(HttpRequest request) => _secure.Contains(request.Host.Value ?? "");

    /// <summary>Whether a request that changes something comes from one of our pages. Browsers send
    /// the origin with each POST.</summary>
    internal bool IsOwnOrigin(HttpRequest request)
    {
        string scheme = IsSecure(request) ? "https" : "http";
        string? site = request.Headers["Sec-Fetch-Site"];
        return request.Headers.Origin is [{ } origin]
            && origin.Equals(
                $"{scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase)
            && site is null or "same-origin";
    }
}

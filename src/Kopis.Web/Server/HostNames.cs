using System.Net;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Microsoft.AspNetCore.Http;

namespace Kopis.Web.Server;

/// <summary>The names by which the dashboard is reached. A page of another site that has its name
/// lead here (DNS rebinding) still sends that name.</summary>
internal sealed class HostNames
{
    private readonly HashSet<string> _plain = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _secure = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="place">Where we listen.</param>
    /// <param name="control">Where <c>webnames</c> is.</param>
    internal HostNames(IPEndPoint place, ControlDirectory control)
    {
        foreach (string name in (string[])["localhost", "127.0.0.1", "[::1]",
            new IPEndPoint(place.Address, 0).ToString()[..^2]])
        {
            _plain.Add($"{name}:{place.Port}");
        }

        foreach (byte[] line in control.ReadList(WebFiles.Names) ?? [])
        {
            _secure.Add(ByteText.ToText(line));
        }
    }

    /// <summary>Whether a request is for us.</summary>
    internal bool Contains(HttpRequest request) =>
        request.Headers.Host is [{ } host] && (_plain.Contains(host) || _secure.Contains(host));

    /// <summary>Whether the client speaks TLS: to the web server that has the name.</summary>
    internal bool IsSecure(HttpRequest request) => _secure.Contains(request.Host.Value ?? "");

    /// <summary>Whether a request that changes something comes from a page of our own. Browsers say
    /// so with each POST.</summary>
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

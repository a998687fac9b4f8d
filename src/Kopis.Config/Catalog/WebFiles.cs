using System.Globalization;
using System.Net;
using Kopis.Base;

namespace Kopis.Config.Catalog;

/// <summary>Control files of the dashboard.</summary>
public static class WebFiles
{
    private const string Dashboard = "kopis-web(8)";

    /// <summary><c>weblisten</c>.</summary>
    public static readonly ControlLine Listen = new("weblisten", "127.0.0.1:2580")
    {
        Line = "an address of this host's loopback and a port, as ADDRESS:PORT",
        Readers = Dashboard,
        Reread = Reread.Start,
        Says = "The dashboard listens on {}.",
        Text = "Where the dashboard listens. It does not support TLS, so an address that other "
            + "hosts "
            + "reach is refused: they come by ssh -L, or by a web server on this host that has "
            + "TLS, whose name is in webnames. On an installed host the unit kopis-web.socket has "
            + "the ports, 880 of 127.0.0.1 and of ::1, and this file does not count: another user "
            + "of the host can have neither while the dashboard is stopped, and so cannot ask for "
            + "its password. Another port there: systemctl edit kopis-web.socket.",
    };

    /// <summary><c>webnames</c>.</summary>
    public static readonly ControlList Names = new("webnames")
    {
        Line = "a host name, with :port unless it is 443",
        Without = "The dashboard is reached by its own address alone.",
        Readers = Dashboard,
        Reread = Reread.Start,
        Says = "The dashboard is reached as https://{} too.",
        Text = "Names by which a web server with TLS in front of the dashboard is reached. A "
            + "request for another name is refused, so that no foreign page can lead a browser "
            + "here (DNS rebinding). Cookies of these names are for TLS only.",
    };

    /// <summary>The place that a text names.</summary>
    /// <param name="text"><c>ADDRESS:PORT</c>, an IPv6 address in brackets.</param>
    /// <exception cref="ConfigurationException">The text is not a place, or other hosts can reach
    /// the place.</exception>
    public static IPEndPoint PlaceOf(string text)
    {
        int colon = text.LastIndexOf(':');
        string host = colon < 0 ? "" : text[..colon];
        return host.Contains(':') == host is ['[', .., ']']
            && IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address)
            && ushort.TryParse(
                text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture,
                out ushort port)
            && port > 0
                ? Loopback(new IPEndPoint(address, port))
                : throw new ConfigurationException(
                    $"not ADDRESS:PORT: {LogText.Safe(ByteText.ToBytes(text))}",
                    ExitCode.Permanent);
    }

    /// <summary>Returns the place, unless other hosts can reach it.</summary>
    /// <exception cref="ConfigurationException">Other hosts can reach it.</exception>
    public static IPEndPoint Loopback(IPEndPoint place) => IPAddress.IsLoopback(place.Address)
        ? place
        : throw new ConfigurationException(
            $"{place.Address} is not a loopback address; the dashboard does not support TLS: see "
            + "weblisten in qmail-control(5)", ExitCode.Permanent);
}

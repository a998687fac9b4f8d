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
        Text = "Where the dashboard listens. It speaks no TLS, so an address that other hosts "
            + "reach is refused: they come by ssh -L, or by a web server on this host that has "
            + "TLS, whose name is in webnames. A port below 1024 cannot be had by another user of "
            + "the host, who would ask for the password there while the dashboard is stopped.",
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
}

using Kopis.Web.Login;
using Microsoft.AspNetCore.Http;

namespace Kopis.Web.Server;

/// <summary>The two cookies of clients that sign in. With TLS they are <c>__Host-</c> and Secure,
/// so that no other host of the domain can set them.</summary>
/// <param name="names">The names of the dashboard.</param>
/// <param name="kind">The prefix of the cookies' names.</param>
internal sealed class Cookies(HostNames names, string kind = "kopis")
{
    private const int ValueMax = 200;
    private static readonly TimeSpan BrowserLife = TimeSpan.FromDays(180);

    private string Session => $"{kind}-session";

    private string Browser => $"{kind}-browser";

    /// <summary>The session's cookie; empty if there is none.</summary>
    internal string SessionOf(HttpContext http) => Read(http, Session);

    /// <summary>The browser's cookie; empty if there is none.</summary>
    internal string BrowserOf(HttpContext http) => Read(http, Browser);

    /// <summary>Sets both after a login.</summary>
    internal void Set(HttpContext http, string session, byte[] browserKey)
    {
        CookieOptions options = Options(http);
        http.Response.Cookies.Append(Name(http, Session), session, options);
        options.MaxAge = BrowserLife;
        http.Response.Cookies.Append(
            Name(http, Browser), KnownBrowser.New(browserKey), options);
    }

    /// <summary>Removes the session's cookie.</summary>
    internal void End(HttpContext http) =>
        http.Response.Cookies.Delete(Name(http, Session), Options(http));

    private string Read(HttpContext http, string name) =>
        http.Request.Cookies[Name(http, name)] is { Length: <= ValueMax } value ? value : "";

    private string Name(HttpContext http, string name) =>
        names.IsSecure(http.Request) ? $"__Host-{name}" : name;

    private CookieOptions Options(HttpContext http) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = names.IsSecure(http.Request),
        Path = "/",
    };
}

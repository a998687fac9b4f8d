using Kopis.Web.Html;
using Kopis.Web.Login;
using Kopis.Web.Server;

namespace Kopis.Web.Pages;

/// <summary>The frame around each page, and parts that pages share.</summary>
internal static class Layout
{
    private static readonly (string Path, string Name)[] Places =
    [
        ("/", "Overview"), ("/queue", "Queue"), ("/deliveries", "Deliveries"),
        ("/destinations", "Destinations"), ("/refusals", "Refusals"), ("/trace", "Trace"),
        ("/users", "Users"), ("/checks", "Checks"), ("/config", "Configuration"),
    ];

    /// <summary>A whole document.</summary>
    /// <param name="host">The name of this host.</param>
    /// <param name="reply">The page's content.</param>
    /// <param name="menu">The menu above it.</param>
    internal static Markup Of(string host, Reply reply, Markup menu) => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{reply.Title} – {host}</title>
        <link rel="icon" href="/icon.svg">
        <link rel="stylesheet" href="/style.css">
        <script src="/app.js" defer></script>
        </head>
        <body>
        <a class="skip" href="#content">Skip to content</a>
        <header>
        <p class="host"><span class="mark">Kopis</span> {host}</p>
        {menu}
        </header>
        <main id="content" tabindex="-1">
        <h1>{reply.Title}</h1>
        {reply.Body}
        </main>
        </body>
        </html>

        """;

    /// <summary>The hidden field that each form needs.</summary>
    internal static Markup Token(Session session) => Token(session.Token);

    /// <inheritdoc cref="Token(Session)"/>
    internal static Markup Token(string token) =>
        $"""<input type="hidden" name="csrf" value="{token}">""";

    /// <summary>The button that ends a session.</summary>
    internal static Markup SignOut(Markup token, string path) =>
        $"""<form method="post" action="{path}">{token}<button>Sign out</button></form>""";

    /// <summary>A link.</summary>
    internal static Markup Anchor(string link, string text) =>
        $"""<a href="{link}">{text}</a>""";

    /// <summary>A table; if it is wider than the screen it can be scrolled by keyboard.</summary>
    internal static Markup Table(
        string caption, IReadOnlyList<string> columns, IEnumerable<Markup> rows) => $"""
        <div class="scroll" role="region" aria-label="{caption}" tabindex="0">
        <table>
        <caption>{caption}</caption>
        <thead><tr>{Markup.Join(columns.Select(Column))}</tr></thead>
        <tbody>
        {Markup.Join(rows)}</tbody>
        </table>
        </div>

        """;

    /// <summary>A warning, if there is a text.</summary>
    internal static Markup Warning(string? text) => text is null
        ? Markup.None
        : $"""<p class="bad" role="status">{text}</p>""";

    private static Markup Column(string name) => $"""<th scope="col">{name}</th>""";

    /// <summary>The administrator's menu of all pages.</summary>
    internal static Markup Menu(string path, Session session) => $"""
        <nav aria-label="Pages"><ul>
        {Markup.Join(Places.Select(one => Place(path, one.Path, one.Name)))}</ul></nav>
        {SignOut(Token(session), "/logout")}

        """;

    private static Markup Place(string path, string place, string name) => path == place
        ? Markup.Of($"""<li><a href="{place}" aria-current="page">{name}</a></li>""")
        : $"""<li><a href="{place}">{name}</a></li>""";
}

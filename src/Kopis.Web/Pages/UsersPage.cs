using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Users.Virtual;
using Kopis.Web.Html;
using Kopis.Web.Server;

namespace Kopis.Web.Pages;

/// <summary>The addresses for which this host accepts mail. The dashboard may not see passwords and
/// mailboxes, so on an installed host it cannot read their tables either. Changes are made by
/// commands of root.</summary>
internal static class UsersPage
{
    private const int RowsMax = 200;

    private static readonly (string What, string Command)[] Commands =
    [
        ("List users", "kopis user list"),
        ("Add a user", "kopis user add ADDRESS"),
        ("Set a new password", "kopis user password ADDRESS"),
        ("Keep a user out, and let him in again", "kopis user lock|unlock ADDRESS"),
        ("Show or set how large a mailbox may be", "kopis user quota ADDRESS [SIZE]"),
        ("Remove a user", "kopis user remove ADDRESS"),
        ("List, add and remove aliases", "kopis alias list|add|remove"),
        ("List, add and remove domains", "kopis domain list|add|remove"),
    ];

    internal static Task<Reply> ShowAsync(Visit visit)
    {
        string home = visit.Dashboard.Home;
        return Task.FromResult(Reply.Page("Users and aliases", $"""
            <h2>Domains</h2>
            <dl class="facts">
            {Fact(visit, HostFiles.Locals)}{Fact(visit, SmtpFiles.RcptHosts)}
            {Fact(visit, HostFiles.VirtualDomains)}
            </dl>
            <h2>Users</h2>
            {Read(
                () => [.. new VirtualUsers(home).List().Select(one => one.Address)],
                addresses => Layout.Table(
                    "Virtual users", ["Address"], addresses.Select(Row)), visit["find"])}
            <h2>Aliases</h2>
            {Read(
                () => [.. new VirtualAliases(home).List().Select(one => $"{one.Key}: {one.Value}")],
                lines => Layout.Table("Aliases", ["Alias and targets"], lines.Select(Row)),
                visit["find"])}
            <h2>Changes</h2>
            <p>They are made by these commands, as root.</p>
            {Layout.Table("Commands", ["What", "Command"], Commands.Select(
                one => Row(one.What, one.Command)))}
            """));
    }

    private static Markup Fact(Visit visit, ControlFile file) => $"""
        <div><dt>{Layout.Anchor(Link.To("/config", ("name", $"{file}")), $"{file}")}</dt>
        <dd><pre>{ControlValue.Shown(visit.Dashboard.Control, file)}</pre></dd></div>

        """;

    private static Markup Read(
        Func<string[]> read, Func<IEnumerable<string>, Markup> show, string find)
    {
        try
        {
            string[] all = [.. read().Where(
                one => one.Contains(find, StringComparison.OrdinalIgnoreCase))];
            return all.Length == 0 ? Markup.Of($"""<p class="empty">None.</p>""")
                : $"""
                {show(all.Take(RowsMax))}
                {(all.Length > RowsMax ? $"<p>{all.Length - RowsMax} more.</p>" : Markup.None)}
                """;
        }
        catch (Exception e) when (e is ConfigurationException or IOException
            or UnauthorizedAccessException)
        {
            return Layout.Warning(
                $"The dashboard's user may not read this: {Shown.Text(e.Message)}");
        }
    }

    private static Markup Row(string text) => $"<tr><td>{Shown.Text(text)}</td></tr>\n";

    private static Markup Row(string what, string command) => $"""
        <tr><td>{what}</td><td><code>{command}</code></td></tr>

        """;
}

using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Web.Html;
using Kopis.Web.Server;

namespace Kopis.Web.Pages;

/// <summary>The control files: their values here, their defaults, and what they are for. Only files
/// in the catalogue can be asked for.</summary>
internal static class ConfigPage
{
    internal static Task<Reply> ShowAsync(Visit visit)
    {
        if (visit["name"].Length == 0)
        {
            return Task.FromResult(Reply.Page("Configuration", Layout.Table(
                "Control files", ["File", "Here", "Without it", "What it is for"],
                ControlCatalog.All.Select(file => Row(visit, file)))));
        }

        return Task.FromResult(ControlCatalog.Find(visit["name"]) is { } found
            ? Explain(visit, found)
            : Reply.Refusal(404, "No program reads a control file of this name."));
    }

    private static Markup Row(Visit visit, ControlFile file) => $"""
        <tr><td>{Layout.Anchor(Link.To("/config", ("name", $"{file}")), $"{file}")}</td>
        <td>{Here(visit, file)}</td><td>{file.Default}</td><td>{file.Summary}</td></tr>

        """;

    private static Reply Explain(Visit visit, ControlFile file) => Reply.Page($"{file}", $"""
        <p>{file.Text}</p>
        <dl class="facts">
        <div><dt>Here</dt><dd><pre>{Value(visit, file)}</pre></dd></div>
        <div><dt>Form</dt><dd>{file.Shape}</dd></div>
        <div><dt>Without it</dt><dd>{file.Default}</dd></div>
        <div><dt>A change counts</dt><dd>{file.Effect}</dd></div>
        <div><dt>Read by</dt><dd>{file.Readers}</dd></div>
        <div><dt>In qmail</dt><dd>{(file.IsQmails ? "yes" : "no")}</dd></div>
        </dl>
        <p>The dashboard changes no file: <code>kopis config check</code> looks at one after an
        editor. {Layout.Anchor("/config", "All files")}</p>

        """);

    private static string Here(Visit visit, ControlFile file)
    {
        string value = Value(visit, file);
        int end = value.IndexOf('\n', StringComparison.Ordinal);
        return Shown.Text(end < 0 ? value : value[..end]);
    }

    private static string Value(Visit visit, ControlFile file) => ControlValue.Shown(
        new ControlDirectory(Path.Combine(visit.Dashboard.Home, file.Folder)), file);
}

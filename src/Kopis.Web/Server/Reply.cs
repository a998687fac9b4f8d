using Kopis.Web.Html;

namespace Kopis.Web.Server;

/// <summary>The answer of a page: a document, or a redirection to another page.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">The title of a document.</param>
/// <param name="Body">The body of a document.</param>
/// <param name="Location">The page to go to; null for a document.</param>
internal sealed record Reply(int Status, string Title, Markup Body, string? Location = null)
{
    /// <summary>A document.</summary>
    internal static Reply Page(string title, Markup body) => new(200, title, body);

    /// <summary>A document that says why the request is refused.</summary>
    internal static Reply Refusal(int status, string why) => new(
        status, "Not done", $"<p class=\"bad\" role=\"alert\">{why}</p>");

    /// <summary>Redirects to another page, by GET.</summary>
    internal static Reply GoTo(string location) => new(303, "", Markup.None, location);
}

using Kopis.Web.Html;

namespace Kopis.Web.Server;

/// <summary>What a page answers: a document, or another page to go to.</summary>
/// <param name="Status">The status of HTTP.</param>
/// <param name="Title">Of a document.</param>
/// <param name="Body">Of a document.</param>
/// <param name="Location">The page to go to; null: this is a document.</param>
internal sealed record Reply(int Status, string Title, Markup Body, string? Location = null)
{
    /// <summary>A document.</summary>
    internal static Reply Page(string title, Markup body) => new(200, title, body);

    /// <summary>A document that says why not.</summary>
    internal static Reply Refusal(int status, string why) => new(
        status, "Not done", $"<p class=\"bad\" role=\"alert\">{why}</p>");

    /// <summary>Another page, by GET.</summary>
    internal static Reply GoTo(string location) => new(303, "", Markup.None, location);
}

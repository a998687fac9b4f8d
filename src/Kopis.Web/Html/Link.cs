using System.Text;

namespace Kopis.Web.Html;

/// <summary>Links to the dashboard's own pages. A value becomes a parameter, in which everything is
/// encoded that is not unreserved (RFC 3986 §2.3). It cannot become a path or a host.</summary>
internal static class Link
{
    /// <summary>The link to a page with parameters; empty and null ones are left out.</summary>
    internal static string To(string page, params ReadOnlySpan<(string Name, string? Value)> parts)
    {
        StringBuilder link = new(page);
        char before = '?';
        foreach ((string name, string? value) in parts)
        {
            if (!string.IsNullOrEmpty(value))
            {
                link.Append(before).Append(name).Append('=').Append(Uri.EscapeDataString(value));
                before = '&';
            }
        }

        return link.ToString();
    }

    /// <summary>The link to the page of a message.</summary>
    internal static string ToMessage(ulong number) => To("/message", ("n", $"{number}"));

    /// <summary>The link to the trace of a message or an address.</summary>
    internal static string ToTrace(string what) => To("/trace", ("q", what));
}

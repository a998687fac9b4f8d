using System.Text;

namespace Kopis.Web.Html;

/// <summary>Addresses of the dashboard's own pages. A value becomes a parameter, with all in it
/// encoded that is not unreserved (RFC 3986 §2.3); it cannot become a path or a host.</summary>
internal static class Link
{
    /// <summary>A page with parameters; those that are empty or null are left out.</summary>
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

    /// <summary>The page of a message.</summary>
    internal static string ToMessage(ulong number) => To("/message", ("n", $"{number}"));

    /// <summary>What became of something.</summary>
    internal static string ToTrace(string what) => To("/trace", ("q", what));
}

using Kopis.Mail.Authentication;

namespace Kopis.Net.Dkim;

/// <summary>The names of keys, which are also file names: <c>dkim/DOMAIN/SELECTOR.pem</c>.
/// </summary>
public static class DkimNames
{
    /// <summary>The end of a key's file name.</summary>
    public const string Suffix = ".pem";

    /// <summary>A domain in the form that names a directory: A-labels, lower case, no dot at the
    /// end.</summary>
    /// <returns>Null if it is not a domain name.</returns>
    public static string? Domain(string text) =>
        DomainText.Normalize(text) is { } name && IsDomain(name) ? name : null;

    /// <summary>Whether a name is in that form. It has no slash and neither begins nor ends with a
    /// dot, so it names nothing but an entry of a directory.</summary>
    public static bool IsDomain(string name) =>
        DomainText.IsName(name) && !name.Any(char.IsAsciiLetterUpper);

    /// <summary>Whether a text can be a selector here: one label of lower case letters, digits and
    /// hyphens inside (RFC 6376 §3.1 allows several).</summary>
    public static bool IsSelector(string text) =>
        text.Length is > 0 and <= DomainText.LabelMax && text[0] != '-' && text[^1] != '-'
        && text.All(one => char.IsAsciiLetterLower(one) || char.IsAsciiDigit(one) || one == '-');

    /// <summary>The parent domain; null for a single label.</summary>
    internal static string? Above(string domain)
    {
        int dot = domain.IndexOf('.');
        return dot < 0 ? null : domain[(dot + 1)..];
    }
}

using System.Globalization;
using Kopis.Base;

namespace Kopis.Mail.Authentication.Reports;

/// <summary>A destination for a domain's reports: an address, and the largest message that it
/// accepts.</summary>
/// <param name="Address">Its local part is dot-atom text (RFC 5322 §3.2.3), its domain normalized.
/// </param>
/// <param name="Domain">The domain of the address.</param>
/// <param name="BytesMax">The largest message; null if no size is given.</param>
public sealed record ReportAddress(string Address, string Domain, long? BytesMax)
{
    private const string Scheme = "mailto:";
    private const string Special = "!#$%&'*+-/=?^_`{|}~.";
    private const int LocalMax = 64; // RFC 5321 §4.5.3.1.1.
    private const int DigitsMax = 9;

    /// <summary>Parses a URI of a policy (RFC 9989 §4.6) with the size of RFC 7489 §6.4.</summary>
    /// <returns>Null if the URI is not mailto, or if we do not send to such an address.</returns>
    public static ReportAddress? Parse(string text)
    {
        int mark = text.IndexOf('!', StringComparison.Ordinal);
        long? most = null;
        if (mark >= 0)
        {
            if (!TrySize(text.AsSpan(mark + 1), out long size))
            {
                return null;
            }

            (most, text) = (size, text[..mark]);
        }

        if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        // What is behind a question mark are fields of a header, which are not the domain's to set.
        TextAddress address =
            new(Uri.UnescapeDataString(text[Scheme.Length..].Split('?')[0]));
        string local = address.Local.ToString();
        return address.HasAt && IsDotAtom(local)
            && DomainText.Normalize(address.Domain.ToString()) is { } domain
            ? new ReportAddress($"{local}@{domain}", domain, most)
            : null;
    }

    private static bool IsDotAtom(string local) =>
        local.Length is > 0 and <= LocalMax
        && local.All(one => char.IsAsciiLetterOrDigit(one) || Special.Contains(one))
        && !local.StartsWith('.') && !local.EndsWith('.')
        && !local.Contains("..", StringComparison.Ordinal);

    /// <summary>Parses a number that may be followed by k, m, g or t for a power of 1,024.
    /// </summary>
    private static bool TrySize(ReadOnlySpan<char> text, out long size)
    {
        int power = text.IsEmpty ? 0 : "kmgt".IndexOf(char.ToLowerInvariant(text[^1])) + 1;
        ReadOnlySpan<char> digits = power > 0 ? text[..^1] : text;
        bool isNumber = long.TryParse(
            digits, NumberStyles.None, CultureInfo.InvariantCulture, out size)
            && digits.Length <= DigitsMax;
        size = isNumber ? size << (10 * power) : 0;
        return isNumber;
    }
}

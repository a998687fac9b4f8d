using System.Globalization;
using System.Text;

namespace Kopis.Mail.Authentication.Reports;

/// <summary>Words of a foreign report, as a person may see them on a terminal.</summary>
internal static class ReportText
{
    /// <summary>Longer texts end in an ellipsis. RFC 9990 has no limit; a domain has 253.</summary>
    internal const int TextMax = 300;

    /// <summary>Makes one line of what can be printed: blanks in a row are one, and what moves a
    /// cursor, is invisible or turns the direction of writing is a question mark.</summary>
    internal static string Clean(string text)
    {
        StringBuilder clean = new(Math.Min(text.Length, TextMax));
        bool isGap = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (clean.Length >= TextMax)
            {
                return clean.Append('…').ToString();
            }

            if (Rune.IsWhiteSpace(rune))
            {
                isGap = clean.Length > 0;
                continue;
            }

            if (isGap)
            {
                clean.Append(' ');
                isGap = false;
            }

            clean.Append(IsShown(rune) ? rune.ToString() : "?");
        }

        return clean.ToString();
    }

    private static bool IsShown(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned)
        && rune != Rune.ReplacementChar;
}

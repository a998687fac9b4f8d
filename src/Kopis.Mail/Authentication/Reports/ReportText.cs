using System.Globalization;
using System.Text;

namespace Kopis.Mail.Authentication.Reports;

/// <summary>Text of a foreign report, made safe for a terminal.</summary>
internal static class ReportText
{
    /// <summary>The longest text; longer ones end in an ellipsis. RFC 9990 has no limit; a domain
    /// has 253 characters.</summary>
    internal const int TextMax = 300;

    /// <summary>Makes one line of printable text. A run of blanks becomes one. Characters that move
    /// the cursor, are invisible or change the direction of writing become question marks.
    /// </summary>
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

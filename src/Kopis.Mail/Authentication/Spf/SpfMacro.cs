using System.Buffers;
using System.Text;

namespace Kopis.Mail.Authentication.Spf;

/// <summary>Text with macros (RFC 7208 §7).</summary>
internal static class SpfMacro
{
    private const int TextMax = 8192; // Of what is expanded; a name takes the last 253 of it.

    private static readonly SearchValues<char> Delimiters = SearchValues.Create(".-+,/_=");

    /// <summary>Returns the value of a macro letter, which is in lower case.</summary>
    internal delegate ValueTask<string> ValueOf(char letter);

    /// <summary>Whether a text is a domain-spec (§7.1): it ends in a label that is not all digits,
    /// or in a macro.</summary>
    internal static bool IsDomain(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || !IsText(text, isExplanation: false))
        {
            return false;
        }

        if (text[^1] == '}')
        {
            return true;
        }

        if (text.Length > 1 && text[^2] == '%' && text[^1] is '%' or '_' or '-'
            && !text[..^2].EndsWith("%"))
        {
            return true;
        }

        ReadOnlySpan<char> name = text[^1] == '.' ? text[..^1] : text;
        int dot = name.LastIndexOf('.');
        return dot >= 0 && IsTopLabel(name[(dot + 1)..]);
    }

    /// <summary>Whether a text has only valid macros.</summary>
    /// <param name="text">The text.</param>
    /// <param name="isExplanation">Whether it is for exp=, which allows spaces and the macros c, r
    /// and t.</param>
    internal static bool IsText(ReadOnlySpan<char> text, bool isExplanation)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is < '!' or > '~' && !(isExplanation && text[i] == ' '))
            {
                return false;
            }

            if (text[i] == '%')
            {
                int length = LengthOf(text[i..], isExplanation);
                if (length == 0)
                {
                    return false;
                }

                i += length - 1;
            }
        }

        return true;
    }

    /// <summary>Replaces the macros of a valid text.</summary>
    /// <returns>Null if the result is too long.</returns>
    internal static async ValueTask<string?> ExpandAsync(string text, ValueOf value)
    {
        StringBuilder result = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '%')
            {
                result.Append(text[i]);
            }
            else if (text[i + 1] == '{')
            {
                int end = text.IndexOf('}', i);
                string body = text[(i + 2)..end];
                string whole = await value(char.ToLowerInvariant(body[0]));
                result.Append(Transform(whole, body));
                i = end;
            }
            else
            {
                result.Append(text[++i] switch { '%' => "%", '_' => " ", _ => "%20" });
            }

            if (result.Length > TextMax)
            {
                return null;
            }
        }

        return result.ToString();
    }

    /// <summary>Cuts labels off the left of a name that is too long (§7.3).</summary>
    internal static string CutName(string name)
    {
        name = name is [.., '.'] ? name[..^1] : name;
        while (name.Length > DomainText.NameMax)
        {
            int dot = name.IndexOf('.', name.Length - DomainText.NameMax - 1);
            if (dot < 0)
            {
                return "";
            }

            name = name[(dot + 1)..];
        }

        return name;
    }

    /// <summary>The length of the macro at the beginning; 0 if it is none.</summary>
    private static int LengthOf(ReadOnlySpan<char> text, bool isExplanation)
    {
        if (text.Length < 2)
        {
            return 0;
        }

        if (text[1] is '%' or '_' or '-')
        {
            return 2;
        }

        int end = text.IndexOf('}');
        if (text[1] != '{' || end < 3)
        {
            return 0;
        }

        char letter = char.ToLowerInvariant(text[2]);
        ReadOnlySpan<char> rest = text[3..end].TrimStart("0123456789");
        ReadOnlySpan<char> digits = text[3..(end - rest.Length)];
        rest = rest is ['r' or 'R', ..] ? rest[1..] : rest;
        return "slodiphv".Contains(letter) || (isExplanation && "crt".Contains(letter))
            ? rest.ContainsAnyExcept(Delimiters)
                || (!digits.IsEmpty && digits.TrimStart('0').IsEmpty) ? 0 : end + 1
            : 0;
    }

    /// <summary>Splits, reverses, keeps the right parts, and escapes (§7.3).</summary>
    private static string Transform(string value, string body)
    {
        string digits = new([.. body.Skip(1).TakeWhile(char.IsAsciiDigit)]);
        bool isReversed = body.AsSpan(1 + digits.Length) is ['r' or 'R', ..];
        string signs = body[(1 + digits.Length + (isReversed ? 1 : 0))..];
        string[] parts = value.Split((signs.Length == 0 ? "." : signs).ToCharArray());
        if (isReversed)
        {
            Array.Reverse(parts);
        }

        const int DigitsMax = 4; // More parts than a value can have.
        if (digits.Length > 0)
        {
            int keep = digits.TrimStart('0').Length > DigitsMax ? int.MaxValue : int.Parse(digits);
            parts = parts.Length > keep ? parts[^keep..] : parts;
        }

        string text = string.Join('.', parts);
        return char.IsAsciiLetterUpper(body[0]) ? Uri.EscapeDataString(text) : text;
    }

    /// <summary>toplabel: letters, digits and hyphens within, not digits alone.</summary>
    private static bool IsTopLabel(ReadOnlySpan<char> label)
    {
        bool hasOther = false;
        foreach (char one in label)
        {
            if (!char.IsAsciiLetterOrDigit(one) && one != '-')
            {
                return false;
            }

            hasOther |= !char.IsAsciiDigit(one);
        }

        return hasOther && label[0] != '-' && label[^1] != '-';
    }
}

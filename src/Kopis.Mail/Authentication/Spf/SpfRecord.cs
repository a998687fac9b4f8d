namespace Kopis.Mail.Authentication.Spf;

/// <summary>A record of SPF (RFC 7208 §4.5, §4.6).</summary>
internal sealed class SpfRecord
{
    private const string Version = "v=spf1";
    private const int TextMax = 8192; // Real ones have up to 2,000: DNS by UDP allows no more.

    private static readonly RecordCache<SpfRecord> Known = new(Parse, TextMax);

    private SpfRecord()
    {
    }

    /// <summary>The mechanisms, in order.</summary>
    internal List<SpfTerm> Terms { get; } = [];

    /// <summary>redirect=, where there is one.</summary>
    internal string? Redirect { get; private set; }

    /// <summary>exp=, where there is one.</summary>
    internal string? Explanation { get; private set; }

    /// <summary>Whether a TXT record is one of SPF, right or wrong.</summary>
    internal static bool IsSpf(string text) =>
        text.StartsWith(Version, StringComparison.OrdinalIgnoreCase)
        && (text.Length == Version.Length || text[Version.Length] == ' ');

    /// <summary>Reads a record, or has read it before.</summary>
    internal static SpfRecord? Find(string text) => Known.Find(text);

    /// <summary>Reads a record as a whole, so that an error anywhere counts (§4.6).</summary>
    /// <returns>Null if there is one.</returns>
    internal static SpfRecord? Parse(string text)
    {
        if (text.Length > TextMax)
        {
            return null;
        }

        SpfRecord record = new();
        foreach (string word in text[Version.Length..].Split(
            ' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!record.TryAdd(word))
            {
                return null;
            }
        }

        return record;
    }

    private bool TryAdd(string word)
    {
        int sign = word.AsSpan().IndexOfAny(':', '/', '=');
        if (sign < 0 || word[sign] != '=')
        {
            if (SpfTerm.Parse(word) is not { } term)
            {
                return false;
            }

            Terms.Add(term);
            return true;
        }

        string name = word[..sign].ToLowerInvariant();
        string value = word[(sign + 1)..];
        switch (name)
        {
            case "redirect" when Redirect is null && SpfMacro.IsDomain(value):
                Redirect = value;
                return true;
            case "exp" when Explanation is null && SpfMacro.IsDomain(value):
                Explanation = value;
                return true;
            case "redirect" or "exp":
                return false; // Wrong, or there for the second time.
            default:
                return IsName(name) && SpfMacro.IsText(value, isExplanation: false);
        }
    }

    /// <summary>name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ).</summary>
    private static bool IsName(string name) =>
        name.Length > 0 && char.IsAsciiLetter(name[0])
        && name.All(one => char.IsAsciiLetterOrDigit(one) || one is '-' or '_' or '.');
}

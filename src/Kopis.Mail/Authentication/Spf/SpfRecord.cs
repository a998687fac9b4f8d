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

    /// <summary>redirect=; null if there is none.</summary>
    internal string? Redirect { get; private set; }

    /// <summary>exp=; null if there is none.</summary>
    internal string? Explanation { get; private set; }

    /// <summary>Whether a TXT record is an SPF record, valid or not.</summary>
    internal static bool IsSpf(string text) =>
        text.StartsWith(Version, StringComparison.OrdinalIgnoreCase)
        && (text.Length == Version.Length || text[Version.Length] == ' ');

    /// <summary>Parses a record, or returns it from the cache.</summary>
    internal static SpfRecord? Find(string text) => Known.Find(text);

    /// <summary>Parses a whole record, so that an error anywhere counts (§4.6).</summary>
    /// <returns>Null if there is an error.</returns>
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
                return false; // It is wrong, or occurs twice.
            default:
                return IsName(name) && SpfMacro.IsText(value, isExplanation: false);
        }
    }

    /// <summary>name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ).</summary>
    private static bool IsName(string name) =>
        name.Length > 0 && char.IsAsciiLetter(name[0])
        && name.All(one => char.IsAsciiLetterOrDigit(one) || one is '-' or '_' or '.');
}

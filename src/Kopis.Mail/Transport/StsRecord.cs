namespace Kopis.Mail.Transport;

/// <summary>The TXT record of <c>_mta-sts</c>, which says that a domain has a policy, and
/// identifies it (RFC 8461 §3.1).</summary>
public static class StsRecord
{
    /// <summary>The longest id.</summary>
    public const int IdMax = 32;

    private const string Version = "v=STSv1";
    private const int NameMax = 32; // Of an extension.

    /// <summary>Parses the records of the name.</summary>
    /// <returns>The id. Null if there is not exactly one record, or it is not valid; then the
    /// domain has no policy.</returns>
    public static string? IdOf(IReadOnlyList<string> texts)
    {
        string[] ours =
        [
            .. texts.Where(text => text.StartsWith(Version + ";", StringComparison.Ordinal)),
        ];
        return ours is [string one] ? Parse(one) : null;
    }

    private static string? Parse(string text)
    {
        string? id = null;
        string[] fields = text.Split(';');
        int count = fields[^1].Trim(' ', '\t').Length == 0 ? fields.Length - 1 : fields.Length;
        for (int i = 1; i < count; i++)
        {
            string field = fields[i].Trim(' ', '\t');
            int equals = field.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || !IsName(field.AsSpan(..equals))
                || !IsValue(field.AsSpan((equals + 1)..)))
            {
                return null;
            }

            if (field.AsSpan(..equals) is "id")
            {
                string value = field[(equals + 1)..];
                if (id is not null || value.Length > IdMax
                    || !value.All(char.IsAsciiLetterOrDigit))
                {
                    return null;
                }

                id = value;
            }
        }

        return id;
    }

    private static bool IsName(ReadOnlySpan<char> name)
    {
        bool isName = name.Length is > 0 and <= NameMax && char.IsAsciiLetterOrDigit(name[0]);
        foreach (char one in name)
        {
            isName &= char.IsAsciiLetterOrDigit(one) || one is '_' or '-' or '.';
        }

        return isName;
    }

    private static bool IsValue(ReadOnlySpan<char> value)
    {
        bool isValue = value.Length > 0;
        foreach (char one in value)
        {
            isValue &= one is > ' ' and <= '~' and not '=';
        }

        return isValue;
    }
}

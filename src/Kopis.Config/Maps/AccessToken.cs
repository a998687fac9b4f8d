using System.Globalization;
using System.Text;

namespace Kopis.Config.Maps;

/// <summary>An OAuth 2.0 access token as a file has it: its first line is the token, and a line
/// <c>Expires: 2026-11-29T20:00:00Z</c> may follow.</summary>
/// <param name="Value">The token: printable ASCII.</param>
/// <param name="Expires">When it ends; null: that is not said.</param>
public sealed record AccessToken(string Value, DateTimeOffset? Expires)
{
    /// <summary>A longer one would not go into a line of AUTH (RFC 4954 §4: 12,288).</summary>
    public const int BytesMax = 8 * 1024;

    private const string ExpiresWord = "Expires:";
    private const string DateFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <summary>Whether a text can be a token.</summary>
    public static bool IsToken(string text) =>
        text.Length is > 0 and <= BytesMax && text.All(c => c is > ' ' and <= '~');

    /// <summary>A date as files and messages have it.</summary>
    public static string DateText(DateTimeOffset date) =>
        date.UtcDateTime.ToString(DateFormat, CultureInfo.InvariantCulture);

    /// <summary>Reads a file; null if it is not one of a token.</summary>
    public static AccessToken? TryParse(ReadOnlySpan<byte> content)
    {
        string[] lines = Encoding.Latin1.GetString(content)
            .Split('\n', StringSplitOptions.TrimEntries);
        string? date = lines.FirstOrDefault(line =>
            line.StartsWith(ExpiresWord, StringComparison.OrdinalIgnoreCase));
        DateTimeOffset expires = default;
        bool isSound = IsToken(lines[0])
            && (date is null || DateTimeOffset.TryParseExact(
                date[ExpiresWord.Length..].Trim(), DateFormat, CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal, out expires));
        return isSound ? new AccessToken(lines[0], date is null ? null : expires) : null;
    }

    /// <summary>The file's content.</summary>
    public byte[] ToBytes() => Encoding.ASCII.GetBytes(
        Value + "\n" + (Expires is { } date ? $"{ExpiresWord} {DateText(date)}\n" : ""));
}

using System.Text;
using Kopis.Mail.Header;

namespace Kopis.Users.Settings;

/// <summary>The text of <c>.vacation.msg</c> as <see cref="UserSettings"/> have it: a body below
/// the one header that is written here, or alone. No I/O.</summary>
internal static class AwayMessage
{
    private const string Head = "Subject: Auto: $SUBJECT\n\n";

    /// <summary>Its body, without line ends behind it.</summary>
    /// <returns>Null where more is in it than that: it was written by hand.</returns>
    internal static string? Parse(byte[] content)
    {
        string text = Encoding.UTF8.GetString(content);
        bool isOurs = text.StartsWith(Head, StringComparison.Ordinal);
        if (!Encoding.UTF8.GetBytes(text).AsSpan().SequenceEqual(content)
            || (!isOurs && HasFields(content)))
        {
            return null;
        }

        string body = (isOurs ? text[Head.Length..] : text).ReplaceLineEndings("\n").TrimEnd('\n');
        return UserSettings.TextFault(body) is null ? body : null;
    }

    /// <summary>The file for a body; empty: none is needed.</summary>
    internal static byte[] Make(string body) =>
        Encoding.UTF8.GetBytes(body.Length == 0 ? "" : $"{Head}{body.TrimEnd('\n')}\n");

    // As vacation(1) sees it.
    private static bool HasFields(byte[] content)
    {
        bool any = false;
        HeaderReader header = new((_, _) => any = true, content.Length);
        header.Read(content);
        header.End();
        return any;
    }
}

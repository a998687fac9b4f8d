using System.Text;
using Kopis.Mail.Header;

namespace Kopis.Users.Settings;

/// <summary>The text of <c>.vacation.msg</c> in the form that <see cref="UserSettings"/> can
/// express: a body, either alone or after the one header that is written here. No I/O.</summary>
internal static class AwayMessage
{
    private const string Head = "Subject: Auto: $SUBJECT\n\n";

    /// <summary>The body, without line ends at its end.</summary>
    /// <returns>Null if the file has more than that: it was written by hand.</returns>
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

    /// <summary>Makes the file for a body; empty: no file is needed.</summary>
    internal static byte[] Make(string body) =>
        Encoding.UTF8.GetBytes(body.Length == 0 ? "" : $"{Head}{body.TrimEnd('\n')}\n");

    // Whether vacation(1) would find a header.
    private static bool HasFields(byte[] content)
    {
        bool any = false;
        HeaderReader header = new((_, _) => any = true, content.Length);
        header.Read(content);
        header.End();
        return any;
    }
}

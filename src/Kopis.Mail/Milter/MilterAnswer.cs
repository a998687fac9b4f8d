using Kopis.Base;
using Kopis.Mail.Smtp;

namespace Kopis.Mail.Milter;

/// <summary>The replies to clients when a filter refuses.</summary>
public static class MilterAnswer
{
    /// <summary>The reply if a filter refuses without a text.</summary>
    public static readonly SmtpAnswer Rejected = new("550 5.7.1 sorry, a filter refuses this");

    /// <summary>The reply if it refuses for now.</summary>
    public static readonly SmtpAnswer Later = new("451 4.7.1 a filter asks you to try again later");

    private const int TextBytesMax = 400; // A reply line has 512 (RFC 5321 §4.5.3.1.5).
    private const int CodeBytes = 3;

    /// <summary>Converts a filter's SMTP reply. Several lines become one. 421, which would end the
    /// session, becomes 451.</summary>
    /// <returns>Null if it is not a refusal.</returns>
    public static SmtpAnswer? Parse(ReadOnlySpan<byte> text)
    {
        if (text.Length < CodeBytes || text[0] is not ((byte)'4' or (byte)'5')
            || text[1] is < (byte)'0' or > (byte)'5' || text[2] is < (byte)'0' or > (byte)'9')
        {
            return null;
        }

        string code = ByteText.ToText(text[..CodeBytes]);
        string status = "";
        List<string> words = [];
        foreach (Range range in text.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = text[range].TrimEnd((byte)'\r');
            if (!line.StartsWith(text[..CodeBytes])
                || (line.Length > CodeBytes && line[CodeBytes] is not ((byte)' ' or (byte)'-')))
            {
                if (line.IsEmpty)
                {
                    continue;
                }

                return null;
            }

            string rest = ByteText.ToText(line[Math.Min(line.Length, CodeBytes + 1)..]);
            string[] parts = rest.Split(' ', 2);
            if (IsStatus(parts[0], code[0]))
            {
                status = parts[0];
                rest = parts.Length > 1 ? parts[1] : "";
            }

            words.Add(rest);
        }

        string all = string.Concat(string.Join(' ', words).Trim().Select(Shown));
        all = all.Length == 0 ? "a filter refuses this" : all[..Math.Min(all.Length, TextBytesMax)];
        return new SmtpAnswer(
            code == "421" ? "451" : code, status.Length > 0 ? status : $"{code[0]}.7.1", all);
    }

    private static char Shown(char letter) => letter is < ' ' or > '~' ? '?' : letter;

    // Three numbers of RFC 3463; the first must match the reply's.
    private static bool IsStatus(string text, char kind)
    {
        string[] numbers = text.Split('.');
        return numbers.Length == 3 && numbers[0] == kind.ToString()
            && numbers[1..].All(number =>
                number.Length is >= 1 and <= 3 && number.All(char.IsAsciiDigit));
    }
}

using Kopis.Base;

namespace Kopis.Users.Recipients;

/// <summary>Commands of .qmail lines that the shell takes as they stand: words, and quotes around
/// some.</summary>
internal static class ShellArguments
{
    /// <summary>The words; null if the shell would do more than cut.</summary>
    internal static List<string>? Split(ReadOnlySpan<byte> command)
    {
        List<string> words = [];
        string? word = null;
        char quote = '\0';
        foreach (char c in ByteText.ToText(command))
        {
            if (quote != '\0')
            {
                if (c is '\\' or '$' or '`' && quote == '"')
                {
                    return null;
                }

                (word, quote) = c == quote ? (word, '\0') : (word + c, quote);
            }
            else if (c is '\'' or '"')
            {
                (word, quote) = (word ?? "", c);
            }
            else if (c is ' ' or '\t')
            {
                if (word is not null)
                {
                    words.Add(word);
                }

                word = null;
            }
            else if (char.IsAsciiLetterOrDigit(c) || "-_./,:@+%".Contains(c))
            {
                word += c;
            }
            else
            {
                return null;
            }
        }

        if (word is not null)
        {
            words.Add(word);
        }

        return quote == '\0' && words.Count > 0 ? words : null;
    }
}

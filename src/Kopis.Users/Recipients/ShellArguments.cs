using Kopis.Base;

namespace Kopis.Users.Recipients;

/// <summary>Parses commands of .qmail lines that consist of words, some perhaps quoted, so that the
/// shell would run them as they stand.</summary>
internal static class ShellArguments
{
    /// <summary>The words; null if the shell would do more than split the command.</summary>
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

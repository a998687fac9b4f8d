using Kopis.Base;

namespace Kopis.Tools.Forwarding;

/// <summary>The option letters of <c>fastforward</c> and <c>dot-forward</c>. A capital letter
/// cancels the small one.</summary>
internal static class ForwardSwitches
{
    /// <summary>Parses the options.</summary>
    /// <param name="words">The command line.</param>
    /// <param name="known">The small letters that are allowed.</param>
    /// <param name="rest">The arguments after them.</param>
    /// <returns>The small letters in force; null if a letter is unknown.</returns>
    internal static string? Read(
        IReadOnlyList<byte[]> words, string known, out IReadOnlyList<byte[]> rest)
    {
        string set = "";
        int at = 0;
        rest = [];
        while (at < words.Count && words[at] is [(byte)'-', _, ..])
        {
            string word = ByteText.ToText(words[at++]);
            if (word == "--")
            {
                break;
            }

            foreach (char letter in word.AsSpan(1))
            {
                char small = char.ToLowerInvariant(letter);
                if (!known.Contains(small, StringComparison.Ordinal))
                {
                    return null;
                }

                set = set.Replace($"{small}", "", StringComparison.Ordinal)
                    + (letter == small ? $"{small}" : "");
            }
        }

        rest = [.. words.Skip(at)];
        return set;
    }
}

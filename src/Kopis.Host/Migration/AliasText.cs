using System.Text;

namespace Kopis.Host.Migration;

/// <summary>The grammar of aliases(5): <c>name: target, "|program with words"</c>. Pure.</summary>
internal static class AliasText
{
    /// <summary>Reads logical lines; wrong ones go into the plan's losses.</summary>
    internal static IEnumerable<AliasEntry> Parse(
        IEnumerable<ForeignLine> lines, SitePlan plan)
    {
        foreach (ForeignLine line in lines)
        {
            int colon = ColonOf(line.Text);
            string name = colon < 0 ? "" : line.Text[..colon].Trim();
            if (name is ['"', _, .., '"'])
            {
                name = Unquoted(name);
            }

            if (name.Length == 0 || Split(line.Text[(colon + 1)..]) is not { } targets)
            {
                plan.Lose(line, "this line", "not name: target, target");
            }
            else
            {
                yield return new AliasEntry(name.ToLowerInvariant(), targets, line);
            }
        }
    }

    /// <summary>Splits a list of targets at commas outside of quotes, and removes quotes; null
    /// where a quote has no end.</summary>
    internal static List<string>? Split(string text)
    {
        List<string> targets = [];
        StringBuilder target = new();
        bool isQuoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '"')
            {
                isQuoted = !isQuoted;
            }
            else if (c == '\\' && isQuoted && i + 1 < text.Length)
            {
                target.Append(text[++i]);
            }
            else if (c == ',' && !isQuoted)
            {
                Add(targets, target);
            }
            else
            {
                target.Append(c);
            }
        }

        Add(targets, target);
        return isQuoted ? null : targets;
    }

    /// <summary>Whether a target is an address, or a name: no program, file, list, or name that is
    /// final.</summary>
    internal static bool IsAddress(string target) => target[0] is not ('|' or '/' or ':' or '\\');

    // |program words needs quotes; addresses may be divided by blanks.
    private static void Add(List<string> targets, StringBuilder target)
    {
        string text = target.ToString().Trim();
        target.Clear();
        if (text.StartsWith('|') || text.StartsWith('/') || text.StartsWith(':'))
        {
            targets.Add(text);
        }
        else if (text.LastIndexOf('<') is >= 0 and int open && text.EndsWith('>'))
        {
            targets.AddRange(text[(open + 1)..^1].Split(
                (char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries));
        }
        else
        {
            targets.AddRange(text.Split(
                (char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries));
        }
    }

    private static int ColonOf(string text)
    {
        bool isQuoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            isQuoted ^= text[i] == '"';
            if (text[i] == ':' && !isQuoted)
            {
                return i;
            }
        }

        return -1;
    }

    private static string Unquoted(string text) => text[1..^1].Replace("\\", "");
}

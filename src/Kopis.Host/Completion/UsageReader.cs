using System.Text.RegularExpressions;

namespace Kopis.Host.Completion;

/// <summary>Reads the forms of a program from its own usage text, such as <c>usage: kopis user add
/// ADDRESS [--password-file FILE | --generate]</c>. A word in capitals stands for a value. A
/// paragraph <c>SELECTION is …</c> lists the options for which such a word stands.</summary>
internal static partial class UsageReader
{
    private const string Begin = "usage: ";

    /// <summary>The forms of one program.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="help">Its output for <c>--help</c>.</param>
    internal static IReadOnlyCollection<CommandForm> Read(string program, string help)
    {
        SortedDictionary<string, CommandForm> forms = new(StringComparer.Ordinal);
        foreach (string line in Lines(program, help))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            bool hasCommand = words.Length > 0 && Literal().IsMatch(words[0]);
            foreach (string command in hasCommand ? words[0].Split('|') : [""])
            {
                if (!forms.TryGetValue(command, out CommandForm? form))
                {
                    forms[command] = form = new CommandForm(program, command);
                }

                Read(form, words.AsSpan(hasCommand ? 1 : 0), help);
            }
        }

        return forms.Values;
    }

    /// <summary>The text after the program's name, one line for each form.</summary>
    private static List<string> Lines(string program, string help)
    {
        List<string> lines = [];
        string name = $"kopis {program}";
        foreach (string line in help.Split('\n').TakeWhile(line => line.Trim().Length > 0))
        {
            string text = line.StartsWith(Begin, StringComparison.Ordinal)
                ? line[Begin.Length..] : line.TrimStart();
            if (text == name || text.StartsWith(name + " ", StringComparison.Ordinal))
            {
                lines.Add(text[name.Length..]);
            }
            else if (lines.Count > 0)
            {
                lines[^1] += " " + text;
            }
        }

        return lines;
    }

    private static void Read(CommandForm form, ReadOnlySpan<string> words, string help)
    {
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i].Trim('[', ']', '.', '…', ',');
            if (Option().IsMatch(word))
            {
                bool isAlone = words[i].EndsWith(']') || i + 1 == words.Length
                    || words[i + 1] == "|" || words[i + 1].StartsWith('[');
                string next = isAlone ? "" : words[i + 1].Trim('[', ']', '.', '…', ',');
                bool hasWords = next.Contains('|') && Literal().IsMatch(next);
                form.Options[word] = isAlone || next.StartsWith('-') ? null
                    : hasWords ? next.Split('|') : [];
                i += form.Options[word] is null ? 0 : 1;
            }
            else if (Literal().IsMatch(word))
            {
                form.Words.UnionWith(word.Split('|'));
            }
            else if (Placeholder().IsMatch(word))
            {
                AddOptionsOf(form, word, help);
            }
        }
    }

    private static void AddOptionsOf(CommandForm form, string placeholder, string help)
    {
        int at = help.IndexOf($"\n{placeholder} is ", StringComparison.Ordinal);
        if (at < 0)
        {
            return;
        }

        int end = help.IndexOf("\n\n", at + 1, StringComparison.Ordinal);
        foreach (Match match in InText().Matches(help[at..(end < 0 ? help.Length : end)]))
        {
            form.Options[match.Groups[1].Value] = match.Groups[2].Success ? [] : null;
        }
    }

    [GeneratedRegex("^[a-z][a-z0-9-]*(\\|[a-z][a-z0-9-]*)*$")]
    private static partial Regex Literal();

    [GeneratedRegex("^--[a-z][a-z0-9-]*$")]
    private static partial Regex Option();

    [GeneratedRegex("^[A-Z]+$")]
    private static partial Regex Placeholder();

    [GeneratedRegex("(--[a-z][a-z0-9-]*)( [A-Z]+)?")]
    private static partial Regex InText();
}

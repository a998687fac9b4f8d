namespace Kopis.Host.Migration.Sendmail;

/// <summary>The names, tables and limits in a sendmail.cf: lines that begin with C, D, F, K and O.
/// Rule sets are not read. No I/O.</summary>
internal sealed class SendmailCf
{
    private readonly Dictionary<string, List<string>> _classes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<string>> _classFiles = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _macros = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _maps = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _options = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads the lines of the file, and skips rules and comments.</summary>
    internal SendmailCf(IEnumerable<ForeignLine> lines)
    {
        foreach (ForeignLine line in lines)
        {
            string text = line.Text.TrimEnd();
            if (text.Length < 2)
            {
                continue;
            }

            switch (text[0])
            {
                case 'C':
                    string name = NameOf(text, out string words);
                    ListOf(_classes, name).AddRange(words.Split(
                        (char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries));
                    break;
                case 'F':
                    // -o: the file may be missing.
                    string of = NameOf(text, out string file);
                    file = file.StartsWith("-o ", StringComparison.Ordinal) ? file[3..] : file;
                    ListOf(_classFiles, of).Add(file.Split(' ', '\t', '%')[0]);
                    break;
                case 'D':
                    _macros[NameOf(text, out string value)] = value;
                    break;
                case 'K':
                    ReadMap(text[1..]);
                    break;
                case 'O' when text[1] == ' ' && text.Contains('='):
                    int equals = text.IndexOf('=');
                    _options[text[1..equals].Trim()] = text[(equals + 1)..].Trim();
                    break;
            }
        }
    }

    /// <summary>The words of a class.</summary>
    internal IReadOnlyList<string> ClassOf(string name) => ListOf(_classes, name);

    /// <summary>The files whose lines belong to a class.</summary>
    internal IReadOnlyList<string> ClassFilesOf(string name) => ListOf(_classFiles, name);

    /// <summary>The text of a macro; empty if it is not defined.</summary>
    internal string Macro(string name) => _macros.GetValueOrDefault(name, "");

    /// <summary>The value of an option; null if it is not set.</summary>
    internal string? Option(string name) => _options.GetValueOrDefault(name);

    /// <summary>The text file of a map; null if there is none.</summary>
    internal string? Map(string name) => _maps.GetValueOrDefault(name);

    // A name: one byte, or {longer}.
    private static string NameOf(string text, out string rest)
    {
        int end = text[1] == '{' ? text.IndexOf('}') : 1;
        rest = end < 0 ? "" : text[(end + 1)..].Trim();
        return end < 0 ? "" : end > 1 ? text[2..end] : text[1..2];
    }

    private static List<string> ListOf(Dictionary<string, List<string>> lists, string name)
    {
        if (!lists.TryGetValue(name, out List<string>? list))
        {
            lists[name] = list = [];
        }

        return list;
    }

    // name type -options /path[.db]
    private void ReadMap(string text)
    {
        string[] words = text.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length >= 3 && words[1] is "hash" or "btree" or "dbm" or "text"
            && words[^1].StartsWith('/'))
        {
            string path = words[^1];
            _maps[words[0]] = path.EndsWith(".db", StringComparison.Ordinal) ? path[..^3] : path;
        }
    }
}

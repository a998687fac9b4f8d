namespace Kopis.Host.Migration.Postfix;

/// <summary>Reads the tables that a parameter names, <c>type:path</c>, from their text.</summary>
/// <param name="plan">Receives losses.</param>
internal sealed class PostfixTables(SitePlan plan)
{
    private const int EntriesMax = 1_000_000;

    private static readonly string[] Indexed =
        ["hash", "btree", "lmdb", "cdb", "dbm", "sdbm", "texthash"];

    private static readonly string[] Patterns = ["regexp", "pcre"];

    /// <summary>The entries of all tables; the first entry of each key counts.</summary>
    internal List<TableEntry> Read(MainCf main, string parameter)
    {
        Dictionary<string, TableEntry> entries = new(StringComparer.Ordinal);
        foreach (string word in main.Words(parameter))
        {
            foreach (TableEntry entry in ReadOne(main.LineOf(parameter), parameter, word))
            {
                entries.TryAdd(entry.Key, entry);
                if (entries.Count > EntriesMax)
                {
                    throw new FormatException("it has more than a million entries");
                }
            }
        }

        return [.. entries.Values];
    }

    /// <summary>The entries of one table.</summary>
    internal List<TableEntry> ReadOne(ForeignLine at, string parameter, string word)
    {
        if (word.StartsWith("proxy:", StringComparison.Ordinal))
        {
            word = word["proxy:".Length..];
        }

        int colon = word.IndexOf(':');
        string type = colon < 0 ? "" : word[..colon];
        string path = word[(colon + 1)..];
        if (type == "inline")
        {
            return [.. Inline(at, path)];
        }

        bool isPattern = Patterns.Contains(type);
        if (!isPattern && type != "cidr" && !Indexed.Contains(type))
        {
            plan.Lose(at, $"{parameter} = {word}", type.Length == 0
                ? "not type:path"
                : $"tables of type {type} are not read");
            return [];
        }

        return Lines(at, parameter, type, path) is not { } lines ? []
            : isPattern ? LosePatterns(lines)
            : [.. Entries(lines)];
    }

    /// <summary>The logical lines of a table's text; null, and a loss, if there is no text.
    /// </summary>
    internal List<ForeignLine>? Lines(
        ForeignLine at, string parameter, string type, string path)
    {
        if (ForeignText.TryRead(path, out string why) is { } lines)
        {
            return ForeignText.Joined(lines);
        }

        string how = Path.Exists($"{path}.db")
            ? $"; its text can be got back by postmap -s {type}:{path} > {path}"
            : "";
        plan.Lose(at, $"{parameter} = {type}:{path}", $"{path}: {why}{how}");
        return null;
    }

    private List<TableEntry> LosePatterns(List<ForeignLine> lines)
    {
        foreach (ForeignLine line in lines)
        {
            plan.Lose(line, line.Text, "patterns have no equal in users/aliases");
        }

        return [];
    }

    private IEnumerable<TableEntry> Entries(List<ForeignLine> lines)
    {
        foreach (ForeignLine line in lines)
        {
            int end = line.Text.AsSpan().IndexOfAny(' ', '\t');
            if (end < 0)
            {
                plan.Lose(line, line.Text, "a key without a value");
                continue;
            }

            yield return new TableEntry(
                line.Text[..end].ToLowerInvariant(), line.Text[end..].Trim(), line);
        }
    }

    // { { key = value }, key=value }
    private static IEnumerable<TableEntry> Inline(ForeignLine at, string text)
    {
        text = text.Trim();
        text = text is ['{', .., '}'] ? text[1..^1] : text;
        foreach (string word in MainCf.Split(text))
        {
            string pair = word is ['{', .., '}'] ? word[1..^1] : word;
            int equals = pair.IndexOf('=');
            if (equals > 0)
            {
                yield return new TableEntry(
                    pair[..equals].Trim().ToLowerInvariant(), pair[(equals + 1)..].Trim(), at);
            }
        }
    }
}

using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Host.Control;

/// <summary>What <c>kopis config explain</c> says of one file.</summary>
internal static class ConfigText
{
    private const int Columns = 79;
    private const int LinesShownMax = 20;

    internal static string Explain(string home, ControlFile file)
    {
        StringBuilder text = new();
        text.Append(null, $"{file}{(file.IsQmails ? "" : " (qmail does not have it)")}\n\n");
        Wrap(text, file.Text);
        text.Append('\n');
        Wrap(text, ControlManual.Values(file));
        text.Append('\n');
        ControlDirectory directory = new(Path.Combine(home, file.Folder));
        text.Append(null, $"here: {Here(directory, file)}\n");
        if (file is ControlList { Usual.Count: > 0 } list)
        {
            text.Append(null, $"after them: {list.Usual.Count} lines\n")
                .Append(string.Concat(list.Usual.Select(line => $"  {line}\n")));
        }

        string readers = file.Readers.Replace(" ", ", ", StringComparison.Ordinal);
        text.Append(null, $"read by: {readers}\n");
        text.Append(null, $"a change takes effect: {file.Effect}\n");
        return text.ToString();
    }

    /// <summary>A word as a terminal may have it.</summary>
    internal static string Safe(string word) => LogText.Safe(ByteText.ToBytes(word));

    private static string Here(ControlDirectory directory, ControlFile file)
    {
        try
        {
            return file switch
            {
                ControlNumber number => directory.TryReadLong(number) is { } value
                    ? $"{value}" : $"{number.Default} (default)",
                ControlLine line => Line(directory, line),
                ControlList list => List(list, directory.ReadList(list)),
                _ => Path.Exists(directory.PathOf(file)) ? "it is there" : "it is not there",
            };
        }
        catch (ConfigurationException e)
        {
            return e.Message;
        }
    }

    private static string Line(ControlDirectory directory, ControlLine file) =>
        directory.ReadLine(file) is { } line ? $"\"{LogText.Safe(line)}\""
        : directory.ReadLineOrDefault(file) is { } value ? $"\"{LogText.Safe(value)}\" (default)"
        : "it is not there";

    private static string List(ControlList file, IReadOnlyList<byte[]>? lines)
    {
        if (lines is null)
        {
            return "it is not there";
        }

        int more = lines.Count - LinesShownMax;
        return $"{lines.Count} lines"
            + string.Concat(lines.Take(LinesShownMax)
                .Select(line => $"\n  {LogText.Safe(file.Shown(line))}"))
            + (more > 0 ? $"\n  and {more} more" : "");
    }

    private static void Wrap(StringBuilder text, string paragraph)
    {
        string line = "";
        foreach (string word in paragraph.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > Columns)
            {
                text.Append(null, $"{line}\n");
                line = "";
            }

            line += line.Length > 0 ? " " + word : word;
        }

        text.Append(null, $"{line}\n");
    }
}

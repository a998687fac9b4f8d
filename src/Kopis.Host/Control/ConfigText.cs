using System.Text;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Host.Control;

/// <summary>The text of <c>kopis config explain</c> about one file.</summary>
internal static class ConfigText
{
    private const int Columns = 79;

    internal static string Explain(string home, ControlFile file)
    {
        StringBuilder text = new();
        text.Append(null, $"{file}{(file.IsQmails ? "" : " (qmail does not have it)")}\n\n");
        Wrap(text, file.Text);
        text.Append('\n');
        Wrap(text, ControlManual.Values(file));
        text.Append('\n');
        ControlDirectory directory = new(Path.Combine(home, file.Folder));
        text.Append(null, $"here: {ControlValue.Shown(directory, file)}\n");
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

    /// <summary>A word, made printable for a terminal.</summary>
    internal static string Safe(string word) => LogText.Safe(RawText.ToBytes(word));

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

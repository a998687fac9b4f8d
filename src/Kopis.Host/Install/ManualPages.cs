using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>The manual pages of a home, in man/man1 and so on, and what makes shells complete
/// words, in completion, which lies beside the directory of pages.</summary>
internal sealed class ManualPages(string home, InstallRecord record)
{
    private const int Readable = 0x1A4; // 0644

    /// <summary>Copies those of a directory that are new or have changed.</summary>
    internal IEnumerable<string> Make(string from)
    {
        IEnumerable<(string From, string To)> pages = Directory.EnumerateFiles(from, "*.?")
            .Select(page => (page, $"man/man{page[^1]}/{Path.GetFileName(page)}"));
        string beside = Path.Combine(from, "../completion");
        IEnumerable<(string From, string To)> scripts = !Directory.Exists(beside) ? []
            : Directory.EnumerateFiles(beside)
                .Select(script => (script, $"completion/{Path.GetFileName(script)}"));
        foreach ((string file, string name) in pages.Concat(scripts)
            .OrderBy(pair => pair.To, StringComparer.Ordinal))
        {
            if (PlainFile.Replace(
                Path.Combine(home, name),
                BoundedFile.Read(file, InstallRecord.FileBytesMax), Readable))
            {
                yield return name;
            }

            record.Add("page", name);
        }
    }

    /// <summary>Removes them.</summary>
    internal void Remove()
    {
        foreach (string name in record.Names("page"))
        {
            Paths.Unlink(Path.Combine(home, name));
        }
    }
}

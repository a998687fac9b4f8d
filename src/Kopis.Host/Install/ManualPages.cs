using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>The manual pages of a home, in man/man1 and so on.</summary>
internal sealed class ManualPages(string home, InstallRecord record)
{
    private const int Readable = 0x1A4; // 0644

    /// <summary>Copies those of a directory that are new or have changed.</summary>
    internal IEnumerable<string> Make(string from)
    {
        foreach (string page in Directory.EnumerateFiles(from, "*.?").Order(StringComparer.Ordinal))
        {
            string name = $"man/man{page[^1]}/{Path.GetFileName(page)}";
            if (PlainFile.Replace(
                Path.Combine(home, name),
                BoundedFile.Read(page, InstallRecord.FileBytesMax), Readable))
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

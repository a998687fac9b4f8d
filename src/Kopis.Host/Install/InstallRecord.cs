using System.Security.Cryptography;
using Kopis.Posix;

namespace Kopis.Host.Install;

/// <summary>
/// The file <c>installed</c> of a home: what the installer made, so that its uninstalling takes
/// nothing else away. A line is a word, a name and, for a file, the hash that it had.
/// </summary>
internal sealed class InstallRecord
{
    private const string FileName = "installed";
    /// <summary>No file that is installed is as large, but the binary, which is not read.</summary>
    internal const int FileBytesMax = 16 * 1024 * 1024;

    private const int Readable = 0x1A4; // 0644

    private readonly string _home;
    private readonly List<string> _lines = [];
    private readonly HashSet<string> _before;

    /// <summary>Reads what an earlier run wrote.</summary>
    internal InstallRecord(string home)
    {
        _home = home;
        _lines.AddRange(
            BoundedFile.Lines(Path, FileBytesMax).Where(line => line.Length > 0));
        _before = [.. Names("file"), .. Names("unit")];
    }

    private string Path => System.IO.Path.Combine(_home, FileName);

    /// <summary>The hash by which a content is known.</summary>
    internal static string HashOf(ReadOnlySpan<byte> content) =>
        Convert.ToHexStringLower(SHA256.HashData(content));

    /// <summary>The names recorded under a word, in the order they came.</summary>
    internal IReadOnlyList<string> Names(string word) =>
        [.. _lines.Select(line => line.Split(' ')).Where(parts => parts[0] == word)
            .Select(parts => parts[1])];

    /// <summary>Whether a file still is what was written.</summary>
    internal bool IsUnchanged(string name, string path) =>
        BoundedFile.TryRead(path, FileBytesMax, out _) is { } content
        && IsUnchanged(name, content);

    /// <summary>Whether a file's content still is what was written.</summary>
    internal bool IsUnchanged(string name, ReadOnlySpan<byte> content) =>
        _lines.Contains($"file {name} {HashOf(content)}");

    /// <summary>Whether a file was made by a run before this: where it is gone now, somebody has
    /// taken it away, and it stays away.</summary>
    internal bool HasMade(string name) =>
        _before.Contains(name) || _lines.Contains($"first {name}");

    /// <summary>A file that only the first installation makes, whether it made it or found one.
    /// </summary>
    internal void AddFirst(string name) => Add("first", name);

    /// <summary>Remembers users and groups alone: all else has been removed, or is another's.
    /// </summary>
    internal void ForgetFiles() => _lines.RemoveAll(
        line => !line.StartsWith("user ", StringComparison.Ordinal)
            && !line.StartsWith("group ", StringComparison.Ordinal));

    /// <summary>Remembers something that was made.</summary>
    internal void Add(string word, string name)
    {
        string line = $"{word} {name}";
        if (!_lines.Contains(line))
        {
            _lines.Add(line);
        }
    }

    /// <summary>Remembers a file with its content.</summary>
    internal void AddFile(string name, ReadOnlySpan<byte> content)
    {
        _lines.RemoveAll(line => line.StartsWith($"file {name} ", StringComparison.Ordinal));
        _lines.Add($"file {name} {HashOf(content)}");
    }

    /// <summary>Forgets a unit that was given up: it may be made again.</summary>
    internal void ForgetUnit(string name) => _lines.RemoveAll(line => line == $"unit {name}"
        || line.StartsWith($"file {name} ", StringComparison.Ordinal));

    /// <summary>Writes it, where it has changed.</summary>
    internal void Save() =>
        PlainFile.Replace(Path, [.. _lines.SelectMany(line => Bytes(line + "\n"))], Readable);

    /// <summary>Removes it.</summary>
    internal void Delete() => Paths.Unlink(Path);

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}

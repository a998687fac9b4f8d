using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Migration;

/// <summary>Reads files of another mail server: regular files only, of bounded size. They are
/// read, and never run.</summary>
internal static class ForeignText
{
    private const int FileBytesMax = 32 * 1024 * 1024;
    private const int LineMax = 256 * 1024;

    /// <summary>The physical lines of a file, without line ends; null if it cannot be read.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="why">Why there are none.</param>
    internal static List<ForeignLine>? TryRead(string path, out string why) =>
        Lines(path, BoundedFile.TryRead(path, FileBytesMax, out int errno), errno, out why);

    /// <summary>The same of a file below a directory, without following links.</summary>
    /// <param name="tree">The directory.</param>
    /// <param name="name">The file's path from there.</param>
    /// <param name="path">What the report calls it.</param>
    /// <param name="why">Why there are none.</param>
    internal static List<ForeignLine>? TryRead(
        Beneath tree, string name, string path, out string why) =>
        Lines(path, tree.TryReadFile(name, FileBytesMax, out int errno), errno, out why);

    private static List<ForeignLine>? Lines(
        string path, byte[]? content, int errno, out string why)
    {
        why = errno == 0 ? "" : ErrorText.Of(errno);
        if (content is null)
        {
            return null;
        }

        if (content.AsSpan().Contains((byte)0))
        {
            why = "it is not text";
            return null;
        }

        List<ForeignLine> lines = [];
        foreach (string text in ByteText.ToText(content).Split('\n'))
        {
            if (text.Length > LineMax)
            {
                why = string.Create(
                    CultureInfo.InvariantCulture, $"line {lines.Count + 1} is too long");
                return null;
            }

            lines.Add(new ForeignLine(path, lines.Count + 1, text.TrimEnd('\r')));
        }

        return lines;
    }

    /// <summary>Joins lines that begin with a blank to the one before, and leaves comments and
    /// empty lines out: main.cf and the tables of postmap(1), aliases(5).</summary>
    internal static List<ForeignLine> Joined(IEnumerable<ForeignLine> lines)
    {
        List<ForeignLine> joined = [];
        foreach (ForeignLine line in lines)
        {
            string text = line.Text.TrimEnd();
            string start = text.TrimStart();
            if (start.Length == 0 || start[0] == '#')
            {
                continue;
            }

            if (start.Length < text.Length && joined.Count > 0
                && joined[^1].Text.Length + text.Length <= LineMax)
            {
                joined[^1] = joined[^1] with { Text = $"{joined[^1].Text} {start}" };
            }
            else
            {
                joined.Add(line with { Text = start });
            }
        }

        return joined;
    }
}

using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Config;

/// <summary>Reads control files by qmail's rules (contract §2.1).</summary>
/// <param name="path">The directory.</param>
/// <param name="warn">Takes a line about what is not as it was written, once for each value; null
/// where others say it.</param>
public sealed class ControlDirectory(string path, Action<string>? warn = null)
{
    private readonly HashSet<string> _warned = []; // Under its own lock.

    /// <summary>The largest file that is read: a <c>morercpthosts.cdb</c> of millions.</summary>
    public const int FileBytesMax = 256 * 1024 * 1024;

    /// <summary>The longest time that a timer is given: poll(2) counts milliseconds in an int.
    /// </summary>
    public const int SecondsMax = 1_000_000;

    /// <summary>The directory, as given.</summary>
    public string Directory { get; } = path;

    /// <summary>The <c>control</c> directory of a program's home.</summary>
    public static ControlDirectory Of(ProgramContext context) => new(
        context.In("control"), line => LastWords.Say($"{context.Name}: warning: {line}"));

    /// <summary>The first line, without trailing blanks.</summary>
    /// <returns>Null when there is no such file; an empty file gives an empty line.</returns>
    /// <exception cref="ConfigurationException">The file exists and cannot be read. Never a
    /// default: a wrong default sends mail to the wrong place.</exception>
    public byte[]? ReadLine(string name)
    {
        byte[]? content = ReadFile(name);
        if (content is null)
        {
            return null;
        }

        int end = content.AsSpan().IndexOf((byte)'\n');
        return WrittenLine.TrimEnd(content.AsSpan(0, end < 0 ? content.Length : end)).ToArray();
    }

    /// <summary>A line of the kind that falls back to <c>me</c>, then to a literal.</summary>
    /// <returns>Null where neither file exists and there is no literal.</returns>
    public byte[]? ReadLineOrMe(string name, string? literal) =>
        ReadLine(name) ?? ReadLine("me") ?? (literal is null ? null : ByteText.ToBytes(literal));

    /// <summary>A whole number: the first line. One that is too large is the largest, with a
    /// warning: who wrote it wants as much as there is.</summary>
    /// <returns>The default where the file is missing or empty.</returns>
    /// <exception cref="ConfigurationException">The line is not a whole number, or too small:
    /// qmail would quietly take its default (docs/DIFFERENCES.md).</exception>
    public long ReadLong(string name, long otherwise, long least = 0, long most = long.MaxValue)
    {
        byte[]? line = ReadLine(name);
        if (line is null || line.Length == 0)
        {
            return otherwise;
        }

        bool whole = !line.AsSpan().ContainsAnyExceptInRange((byte)'0', (byte)'9');
        bool fits = long.TryParse(line, NumberStyles.None, null, out long value);
        if (!whole || (fits && value < least))
        {
            throw Bad(
                name, $"\"{LogText.Safe(line)}\" is not a whole number from {least} to {most}");
        }

        if (!fits || value > most)
        {
            string number = fits ? $"{value}" : "a number of many digits";
            Warn(name, $"{number} is too large, {most} is used");
            return most;
        }

        return value;
    }

    /// <summary>As <see cref="ReadLong"/>.</summary>
    public int ReadInt(string name, int otherwise, int least = 0, int most = int.MaxValue) =>
        (int)ReadLong(name, otherwise, least, most);

    /// <summary>As <see cref="ReadInt"/>: seconds that a timer can wait.</summary>
    public int ReadSeconds(string name, int otherwise) =>
        ReadInt(name, otherwise, most: SecondsMax);

    /// <summary>Tells people of one file, once, that it has not the meaning that they may think.
    /// </summary>
    public void Warn(string name, string text)
    {
        string line = $"{Path.Combine(Directory, name)}: {text}";
        lock (_warned)
        {
            if (warn is null || !_warned.Add(line))
            {
                return;
            }
        }

        warn(line);
    }

    /// <summary>All lines but empty ones and those whose first byte is <c>#</c>.</summary>
    /// <returns>Null when there is no such file.</returns>
    public IReadOnlyList<byte[]>? ReadList(string name)
    {
        byte[]? content = ReadFile(name);
        if (content is null)
        {
            return null;
        }

        List<byte[]> lines = [];
        ReadOnlySpan<byte> rest = content;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = WrittenLine.TrimEnd(end < 0 ? rest : rest[..end]);
            rest = end < 0 ? [] : rest[(end + 1)..];
            if (!line.IsEmpty && line[0] != (byte)'#')
            {
                lines.Add(line.ToArray());
            }
        }

        return lines;
    }

    /// <summary>A whole constant database.</summary>
    /// <returns>Null when there is no such file.</returns>
    /// <exception cref="ConfigurationException">It cannot be read, or is no cdb.</exception>
    public byte[]? ReadCdb(string name)
    {
        byte[]? image = ReadFile(name);
        return image is null || Cdb.IsWhole(image) ? image : throw Bad(name, "damaged cdb");
    }

    /// <summary>A whole file, for formats of another make.</summary>
    /// <returns>Null when there is no such file.</returns>
    public byte[]? ReadWhole(string name) => ReadFile(name);

    /// <summary>A misconfiguration in one file, named as people know it.</summary>
    public ConfigurationException Bad(string name, string reason) =>
        new($"{Path.Combine(Directory, name)}: {reason}", ExitCode.Temporary);

    private byte[]? ReadFile(string name)
    {
        string path = Path.Combine(Directory, name);
        byte[]? content = BoundedFile.TryRead(path, FileBytesMax, out int errno);
        return content is not null || errno is Errno.NoEntry or Errno.NotDirectory
            ? content
            : throw new ConfigurationException(
                new PosixException(path, errno).Message, ExitCode.Temporary);
    }
}

using System.Diagnostics;
using System.Globalization;
using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Config;

/// <summary>Reads control files by qmail's rules (contract §2.1).</summary>
/// <param name="path">The directory.</param>
/// <param name="warn">Receives a line about each value that differs from what was written, once;
/// null if other code reports it.</param>
public sealed class ControlDirectory(string path, Action<string>? warn = null)
{
    private const int FaultsShownMax = 10; // Of one list; a file of another kind has thousands.
    private const int LineShownBytesMax = 200;

    private readonly HashSet<string> _warned = []; // Under its own lock.
    private IReadOnlySet<string>? _hidden;
    private (string Name, byte[]? Content)? _instead;

    /// <summary>The largest file that is read: a <c>morercpthosts.cdb</c> with millions of domains.
    /// </summary>
    public const int FileBytesMax = 256 * 1024 * 1024;

    /// <summary>The directory, as given.</summary>
    public string Directory { get; } = path;

    /// <summary>The <c>control</c> directory of a program's home.</summary>
    public static ControlDirectory Of(ProgramContext context) => new(
        context.In("control"), line => ErrorLog.Write($"{context.Name}: warning: {line}"));

    /// <summary>The same directory, as if some files did not exist.</summary>
    public ControlDirectory Without(IReadOnlySet<string> names) =>
        new(Directory, warn) { _hidden = names, _instead = _instead };

    /// <summary>The same directory, as if one file had this content, or (null) did not exist.
    /// </summary>
    public ControlDirectory With(ControlFile file, byte[]? content) =>
        new(Directory, warn) { _hidden = _hidden, _instead = (file.Name, content) };

    /// <summary>The first line, without trailing blanks.</summary>
    /// <returns>Null if there is no such file; an empty file gives an empty line.</returns>
    /// <exception cref="ConfigurationException">The file exists and cannot be read. No default is
    /// used then: a wrong default sends mail to the wrong place.</exception>
    public byte[]? ReadLine(ControlLine file)
    {
        byte[]? content = ReadFile(file.Name);
        return content is null ? null : FirstLine(content);
    }

    /// <summary>The first line. Without the file, the value of <c>me</c> if that is the file's
    /// default, or else the literal.</summary>
    /// <returns>Null if there is none of these.</returns>
    public byte[]? ReadLineOrDefault(ControlLine file) =>
        ReadLine(file)
            ?? (file.IsOrMe ? ReadLine(HostFiles.Me) : null)
            ?? (file.Literal is null ? null : ByteText.ToBytes(file.Literal));

    /// <summary>A whole number from the first line. If it is too large it is lowered to the
    /// greatest value, with a warning: its author wants as much as possible.</summary>
    /// <returns>Null if the file is missing or empty.</returns>
    /// <exception cref="ConfigurationException">The line is not a whole number, or it is too small.
    /// qmail would use its default without a message (docs/DIFFERENCES.md).</exception>
    public long? TryReadLong(ControlNumber file)
    {
        if (ReadFile(file.Name) is not { } content || FirstLine(content) is not [_, ..] line)
        {
            return null;
        }

        bool whole = !line.AsSpan().ContainsAnyExceptInRange((byte)'0', (byte)'9');
        bool fits = long.TryParse(line, NumberStyles.None, null, out long value);
        if (!whole || (fits && value < file.Least))
        {
            throw Bad(file, $"\"{LogText.Safe(line)}\" is not a whole number "
                + $"from {file.Least} to {file.Most}");
        }

        if (!fits || value > file.Most)
        {
            string number = fits ? $"{value}" : "a number of many digits";
            Warn(file, $"{number} is too large, {file.Most} is used");
            return file.Most;
        }

        return value;
    }

    /// <summary>As <see cref="TryReadLong"/>, with the file's default.</summary>
    public long ReadLong(ControlNumber file) => TryReadLong(file) ?? file.Value
        ?? throw new ArgumentException($"{file} has no default of its own", nameof(file));

    /// <summary>As <see cref="ReadLong"/>.</summary>
    public int ReadInt(ControlNumber file) => (int)ReadLong(file);

    /// <summary>As <see cref="ReadLong"/>.</summary>
    public TimeSpan ReadSeconds(ControlNumber file) => TimeSpan.FromSeconds(ReadLong(file));

    /// <summary>Warns once about one file, whose value may not mean what its author thinks.
    /// </summary>
    public void Warn(ControlFile file, string text)
    {
        string line = $"{Path.Combine(Directory, file.Name)}: {text}";
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
    public IReadOnlyList<byte[]>? ReadList(ControlList file) => ReadList(file.Name);

    /// <summary>As above, for a file that a user names.</summary>
    public static IReadOnlyList<byte[]>? ReadListAt(string path) =>
        new ControlDirectory("/").ReadList(path);

    /// <summary>A whole constant database.</summary>
    /// <returns>Null when there is no such file.</returns>
    /// <exception cref="ConfigurationException">It cannot be read, or is not a cdb.</exception>
    public byte[]? ReadCdb(ControlData file) => ReadCdb(file.Name);

    /// <summary>As above, for a file anywhere.</summary>
    public static byte[]? ReadCdbAt(string path) =>
        new ControlDirectory(Path.GetDirectoryName(path)!).ReadCdb(Path.GetFileName(path));

    /// <summary>A whole file, for formats that others define.</summary>
    /// <returns>Null when there is no such file.</returns>
    public byte[]? ReadWhole(ControlFile file) => ReadFile(file.Name);

    /// <summary>A whole file in a directory that is itself a row of the catalogue.</summary>
    /// <returns>Null when there is no such file.</returns>
    public byte[]? ReadWhole(ControlData folder, string name) =>
        ReadFile(Path.Combine(folder.Name, name));

    /// <summary>The path of a file.</summary>
    public string PathOf(ControlFile file) => Path.Combine(Directory, file.Name);

    /// <summary>The paths of files that a program rereads when they change.</summary>
    public IReadOnlyList<string> Watched(IEnumerable<ControlFile> files)
    {
        Debug.Assert(
            files.All(file => file.Reread != Reread.Start), "The catalogue says: at the start.");
        return [.. files.Select(PathOf)];
    }

    /// <summary>A misconfiguration in one file, with its path.</summary>
    public ConfigurationException Bad(ControlFile file, string reason) => Bad(file.Name, reason);

    /// <summary>A configuration error in lines of one list. Its text names the first of them.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <param name="faults">What <see cref="ReadLines"/> returned, at least one.</param>
    public ConfigurationException Bad(ControlList file, IReadOnlyList<string> faults) => Bad(
        file.Name,
        string.Join("; ", faults.Take(FaultsShownMax)) + (faults.Count <= FaultsShownMax ? ""
            : $"; {faults.Count - FaultsShownMax} more lines are wrong"));

    private static byte[] FirstLine(byte[] content)
    {
        int end = content.AsSpan().IndexOf((byte)'\n');
        return WrittenLine.TrimEnd(content.AsSpan(0, end < 0 ? content.Length : end)).ToArray();
    }

    private List<byte[]>? ReadList(string name)
    {
        byte[]? content = ReadFile(name);
        return content is null ? null : [.. Lines(content).Select(line => line.Text)];
    }

    /// <summary>Calls a reader for each line of a list.</summary>
    /// <param name="file">The file.</param>
    /// <param name="read">Reads a line; false if it is wrong.</param>
    /// <param name="shape">What a line should be, for people.</param>
    /// <returns>What is wrong, by line: <c>line 3: "x" is not SHAPE</c>. Null when there is no
    /// such file.</returns>
    /// <exception cref="ConfigurationException">The file cannot be read.</exception>
    public IReadOnlyList<string>? ReadLines(
        ControlList file, Func<byte[], bool> read, string shape)
    {
        if (ReadFile(file.Name) is not { } content)
        {
            return null;
        }

        List<string> faults = [];
        foreach ((int number, byte[] line) in Lines(content))
        {
            if (!read(line))
            {
                faults.Add($"line {number}: \"{Shown(line)}\" is not {shape}");
            }
        }

        return faults;
    }

    /// <summary><see cref="ReadLines"/> for a list of which wrong lines are ignored, with a warning
    /// that names them.</summary>
    public IReadOnlyList<string>? ReadEach(
        ControlList file, Func<byte[], bool> read, string shape)
    {
        if (ReadLines(file, read, shape) is not { } faults)
        {
            return null;
        }

        foreach (string fault in faults.Take(FaultsShownMax))
        {
            Warn(file, $"{fault}; ignored");
        }

        if (faults.Count > FaultsShownMax)
        {
            Warn(file, $"{faults.Count - FaultsShownMax} more lines are wrong");
        }

        return faults;
    }

    private static string Shown(ReadOnlySpan<byte> line) => line.Length <= LineShownBytesMax
        ? LogText.Safe(line) : LogText.Safe(line[..LineShownBytesMax]) + "...";

    private static List<(int Number, byte[] Text)> Lines(ReadOnlySpan<byte> rest)
    {
        List<(int, byte[])> lines = [];
        for (int number = 1; !rest.IsEmpty; number++)
        {
            int end = rest.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = WrittenLine.TrimEnd(end < 0 ? rest : rest[..end]);
            rest = end < 0 ? [] : rest[(end + 1)..];
            if (!line.IsEmpty && line[0] != (byte)'#')
            {
                lines.Add((number, line.ToArray()));
            }
        }

        return lines;
    }

    private byte[]? ReadCdb(string name)
    {
        byte[]? image = ReadFile(name);
        return image is null || Cdb.IsWhole(image) ? image : throw Bad(name, "damaged cdb");
    }

    private ConfigurationException Bad(string name, string reason) =>
        new($"{Path.Combine(Directory, name)}: {reason}", ExitCode.Temporary);

    private byte[]? ReadFile(string name)
    {
        if (_hidden?.Contains(name) == true)
        {
            return null;
        }

        if (_instead is { } instead && instead.Name == name)
        {
            return instead.Content;
        }

        string path = Path.Combine(Directory, name);
        byte[]? content = BoundedFile.TryRead(path, FileBytesMax, out int errno);
        return content is not null || errno is Errno.NoEntry or Errno.NotDirectory
            ? content
            : throw new ConfigurationException(
                new PosixException(path, errno).Message, ExitCode.Temporary);
    }
}

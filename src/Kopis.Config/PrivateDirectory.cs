using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Config;

/// <summary>A directory with the secrets of one user, such as <c>auth</c> in the home for the user
/// that sends mail. Its files have the directory's owner, and nobody else can read them. Everybody
/// may see whether a file exists, so a program that may not read it does not take it for missing.
/// </summary>
/// <param name="path">The directory.</param>
public sealed class PrivateDirectory(string path)
{
    private const int FileBytesMax = 1024 * 1024;
    private const int NameMax = 64;
    private const int OthersMay = 0x3F; // 0077
    private const int OthersMayWrite = 0x12; // 0022

    private static readonly ControlFile[] Files = [AuthFiles.SmtpRoutes, AuthFiles.AuthSenders];

    private string Folder => Path.GetFileName(path);

    /// <summary>The paths of its tables, to be watched for changes.</summary>
    public IReadOnlyList<string> Watched =>
        [.. Files.Select(file => Path.Combine(path, file.Name))];

    /// <summary>The <c>auth</c> directory beside a directory of control files.</summary>
    public static PrivateDirectory Beside(ControlDirectory control) => new(
        Path.Combine(
            Path.GetDirectoryName(Path.GetFullPath(control.Directory)) ?? "/",
            AuthFiles.Directory));

    /// <summary>Whether a word can name a file here: letters, digits, dots and hyphens, not
    /// beginning with a dot.</summary>
    public static bool IsName(string word) =>
        word.Length is > 0 and <= NameMax && word[0] != '.'
        && word.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    /// <summary>The content of a file; null if there is none.</summary>
    /// <exception cref="ConfigurationException">The file exists and cannot be read, or others have
    /// rights to it.</exception>
    public byte[]? TryRead(string name)
    {
        try
        {
            using Beneath? tree = TryOpen();
            if (tree is null)
            {
                return null;
            }

            if (tree.TryStatus(Fd.PathBytes(name), out int errno) is not { } status)
            {
                return errno == Errno.NoEntry ? null : throw Bad(name, ErrorText.Of(errno));
            }

            // Root can read files that the directory's owner cannot, and must be told.
            bool hasOwner = status.Uid == tree.TryStatus("")!.Value.Uid;
            if (!hasOwner || (status.Mode & OthersMay) != 0)
            {
                throw Bad(name, hasOwner ? "other users have rights to it"
                    : "it does not belong to the owner of the directory");
            }

            return tree.TryReadFile(name, FileBytesMax, out errno, status.Uid)
                ?? throw Bad(name, ErrorText.Of(errno));
        }
        catch (PosixException e)
        {
            throw Bad(name, ErrorText.Of(e.Number));
        }
    }

    /// <summary>Calls a reader for each line of a file, except empty lines and those that begin
    /// with <c>#</c>.</summary>
    /// <param name="file">The file.</param>
    /// <param name="read">Parses a line, and returns what is wrong, without secrets, or null.
    /// </param>
    /// <param name="faults">Receives each fault, with the file and the line's number.</param>
    /// <exception cref="ConfigurationException">The file cannot be read.</exception>
    public void ReadLines(ControlFile file, Func<byte[], string?> read, List<string> faults)
    {
        ReadOnlySpan<byte> rest = TryRead(file.Name) ?? [];
        for (int number = 1; !rest.IsEmpty; number++)
        {
            int end = rest.IndexOf((byte)'\n');
            byte[] line = WrittenLine.TrimEnd(end < 0 ? rest : rest[..end]).ToArray();
            rest = end < 0 ? [] : rest[(end + 1)..];
            if (line.Length > 0 && line[0] != (byte)'#' && read(line) is { } fault)
            {
                faults.Add($"{file}: line {number}: {fault}");
            }
        }
    }

    /// <summary>A configuration error in one file.</summary>
    public ConfigurationException Bad(string name, string reason) =>
        new($"{Folder}/{name}: {reason}", ExitCode.Temporary);

    private Beneath? TryOpen()
    {
        Beneath tree;
        try
        {
            tree = new Beneath(path);
        }
        catch (PosixException e) when (e.Number is Errno.NoEntry or Errno.NotDirectory)
        {
            return null;
        }

        if ((tree.TryStatus("")!.Value.Mode & OthersMayWrite) == 0)
        {
            return tree;
        }

        tree.Dispose();
        throw new PosixException(path, Errno.NotPermitted);
    }
}

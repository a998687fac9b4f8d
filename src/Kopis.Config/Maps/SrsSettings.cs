using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Config.Maps;

/// <summary>The domain and the secrets of SRS. The secrets are in <c>srs/secrets</c> below the
/// home; only their owner, the user that sends mail to other hosts, has rights to them.
/// qmail-lookup may read every file.</summary>
public sealed class SrsSettings
{
    /// <summary>The directory of the home that the secrets are in.</summary>
    public const string Folder = "srs";

    /// <summary>The file's name in that directory.</summary>
    public const string SecretsName = "secrets";

    private const int OthersMay = 0x3F; // 0077
    private const int OthersMayWrite = 0x12; // 0022

    private SrsSettings(byte[] domain, int daysMax) => (Domain, DaysMax) = (domain, daysMax);

    /// <summary>The control files.</summary>
    public static IReadOnlyList<ControlFile> Files { get; } = [SrsFiles.Domain, SrsFiles.MaxAge];

    /// <summary>The domain, in lower case.</summary>
    public byte[] Domain { get; }

    /// <summary>For how many days an address is valid.</summary>
    public int DaysMax { get; }

    /// <summary>The secrets, the newest first; empty if they cannot be used.</summary>
    public IReadOnlyList<byte[]> Secrets { get; private init; } = [];

    /// <summary>Why the secrets cannot be used, with the path; empty if they can be.</summary>
    public string Fault { get; private init; } = "";

    /// <summary>Whether the secrets exist but this user may not read them.</summary>
    public bool IsHidden { get; private init; }

    /// <summary>The paths to watch for changes.</summary>
    public static IReadOnlyList<string> Watched(ControlDirectory control) =>
        [.. control.Watched(Files), Path.Combine(Home(control), Folder, SecretsName)];

    /// <summary>The domain, in lower case; null if senders are not rewritten.</summary>
    /// <exception cref="ConfigurationException">The text is not a domain.</exception>
    public static byte[]? ReadDomain(ControlDirectory control)
    {
        if (control.ReadLine(SrsFiles.Domain) is not [_, ..] line)
        {
            return null;
        }

        return HostNames.IsSound(ByteText.ToText(line))
            ? Ascii8.ToLower(line)
            : throw control.Bad(
                SrsFiles.Domain, $"\"{LogText.Safe(line)}\" is not a domain");
    }

    /// <summary>Reads the domain, the age and the secrets.</summary>
    /// <returns>Null if senders are not rewritten; then the secrets are not read.</returns>
    /// <exception cref="ConfigurationException">A control file cannot be read or understood.
    /// </exception>
    public static SrsSettings? Read(ControlDirectory control)
    {
        if (ReadDomain(control) is not { } domain)
        {
            return null;
        }

        int days = control.ReadInt(SrsFiles.MaxAge);
        IReadOnlyList<byte[]>? secrets =
            TryReadSecrets(Home(control), out string fault, out int errno);
        return new SrsSettings(domain, days)
        {
            Secrets = secrets ?? [],
            Fault = fault,
            IsHidden = errno == Errno.Access,
        };
    }

    /// <summary>The secrets of a home.</summary>
    /// <param name="home">The home.</param>
    /// <param name="fault">Why there are none, with the path; empty if there are some.</param>
    public static IReadOnlyList<byte[]>? TryReadSecrets(string home, out string fault) =>
        TryReadSecrets(home, out fault, out _);

    private static IReadOnlyList<byte[]>? TryReadSecrets(
        string home, out string fault, out int errno)
    {
        errno = 0;
        string path = Path.Combine(home, Folder, SecretsName);
        IReadOnlyList<byte[]>? secrets = null;
        try
        {
            using Beneath tree = Beneath.Open(Fd.PathBytes(home).AsSpan()[..^1], "srs"u8);
            byte[]? content = TryReadOwners(tree, out fault, out errno);
            secrets = content is null ? null : SrsSecrets.TryParse(content, out fault);
        }
        catch (PosixException e)
        {
            errno = e.Number;
            fault = Why(errno);
        }

        fault = fault.Length == 0 ? "" : $"{path}: {fault}";
        return secrets;
    }

    /// <summary>Reads the file if it has the directory's owner and nobody else has rights to it.
    /// </summary>
    private static byte[]? TryReadOwners(Beneath tree, out string fault, out int errno)
    {
        FileStatus folder = tree.TryStatus("") ?? default;
        FileStatus? file = tree.TryStatus(Fd.PathBytes(SecretsName), out errno);
        fault = (folder.Mode & OthersMayWrite) != 0 ? "other users may write to its directory"
            : file is null ? Why(errno)
            : (file.Value.Mode & OthersMay) != 0 ? "other users have rights to it"
            : "";
        if (fault.Length > 0)
        {
            return null;
        }

        byte[]? content =
            tree.TryReadFile(SecretsName, SrsSecrets.FileBytesMax, out errno, folder.Uid);
        fault = content is null ? Why(errno) : "";
        return content;
    }

    private static string Why(int errno) => errno == Errno.NoEntry
        ? "no such file: kopis srs new makes it" : ErrorText.Of(errno);

    private static string Home(ControlDirectory control) =>
        Path.GetDirectoryName(control.Directory) ?? "/";
}

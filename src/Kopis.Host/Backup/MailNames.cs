namespace Kopis.Host.Backup;

/// <summary>Decides by names which files of a home are mailboxes, and which are temporary. No I/O.
/// </summary>
internal static class MailNames
{
    private static readonly string[] Parts = ["cur", "new", "tmp"];

    /// <summary>Whether a directory with these names is a maildir.</summary>
    internal static bool IsMaildir(IReadOnlyCollection<string> names) =>
        Array.TrueForAll(Parts, names.Contains);

    /// <summary>Locks, named sockets, and mail that is still arriving; if mail is not wanted, mbox
    /// files too.</summary>
    internal static bool IsLeftOut(string directory, string name, bool withMail) =>
        directory.EndsWith("/tmp", StringComparison.Ordinal)
        || (!directory.StartsWith("alias", StringComparison.Ordinal)
            && !directory.StartsWith("users/", StringComparison.Ordinal)
            && (name == "lock" || name.EndsWith(".lock", StringComparison.Ordinal)))
        || (directory == "alias" && name == "Mailbox" && !withMail);

    /// <summary>The identity of a message of a maildir, however it is read or marked: the maildir
    /// and the name up to its flags (maildir(5)); null for another file.</summary>
    internal static string? MessageOf(string path)
    {
        string[] parts = path.Split('/');
        return parts.Length > 2 && parts[^2] is "new" or "cur"
            ? $"{string.Join('/', parts[..^2])}/{parts[^1].Split(':')[0]}" : null;
    }
}

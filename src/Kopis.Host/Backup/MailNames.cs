namespace Kopis.Host.Backup;

/// <summary>What the names in a home say: which files are mailboxes, and which are of the moment.
/// Pure.</summary>
internal static class MailNames
{
    private static readonly string[] Parts = ["cur", "new", "tmp"];

    /// <summary>Whether a directory with these names is a maildir.</summary>
    internal static bool IsMaildir(IReadOnlyCollection<string> names) =>
        Array.TrueForAll(Parts, names.Contains);

    /// <summary>Locks, sockets by name, mail that is still arriving; and where mail is not wanted,
    /// mbox files.</summary>
    internal static bool IsLeftOut(string directory, string name, bool withMail) =>
        directory.EndsWith("/tmp", StringComparison.Ordinal)
        || (!directory.StartsWith("alias", StringComparison.Ordinal)
            && !directory.StartsWith("users/", StringComparison.Ordinal)
            && (name == "lock" || name.EndsWith(".lock", StringComparison.Ordinal)))
        || (directory == "alias" && name == "Mailbox" && !withMail);

    /// <summary>By what a message of a maildir is known, whoever reads or marks it: the maildir
    /// and the name up to its marks (maildir(5)); null for another file.</summary>
    internal static string? MessageOf(string path)
    {
        string[] parts = path.Split('/');
        return parts.Length > 2 && parts[^2] is "new" or "cur"
            ? $"{string.Join('/', parts[..^2])}/{parts[^1].Split(':')[0]}" : null;
    }
}

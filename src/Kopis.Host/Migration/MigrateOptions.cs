namespace Kopis.Host.Migration;

/// <summary>The command line of <c>kopis migrate</c>.</summary>
/// <param name="Kind">from-postfix, from-qmail, from-sendmail.</param>
/// <param name="Directory">The directory with the other server's settings.</param>
/// <param name="PasswordFile">The file with passwords of its virtual users; null for none.</param>
/// <param name="Rules">The file with rules for tcpserver; null for none.</param>
/// <param name="IsDryRun">Whether to write nothing.</param>
internal sealed record MigrateOptions(
    string Kind, string Directory, string? PasswordFile, string? Rules, bool IsDryRun)
{
    /// <summary>Parses the words; null if they make no sense.</summary>
    internal static MigrateOptions? Parse(string kind, IReadOnlyList<string> words)
    {
        string? directory = kind switch
        {
            "from-postfix" => "/etc/postfix",
            "from-sendmail" => "/etc/mail",
            "from-qmail" => "/var/qmail",
            _ => null,
        };
        MigrateOptions? options =
            directory is null ? null : new MigrateOptions(kind, directory, null, null, false);
        for (int i = 0; i < words.Count && options is not null; i++)
        {
            options = words[i] switch
            {
                "--dry-run" => options with { IsDryRun = true },
                "--from" when i + 1 < words.Count => options with { Directory = words[++i] },
                "--rules" when i + 1 < words.Count && kind == "from-qmail" =>
                    options with { Rules = words[++i] },
                "--passwords" when i + 1 < words.Count && kind == "from-postfix" =>
                    options with { PasswordFile = words[++i] },
                _ => null,
            };
        }

        return options;
    }
}

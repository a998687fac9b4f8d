namespace Kopis.Host.Accounts;

/// <summary>The command line of <c>kopis user</c>.</summary>
/// <param name="Command">add, change-password, compile, list, lock, passwd-file, password, quota,
/// remove or unlock.</param>
/// <param name="Address">The address as given; empty for list.</param>
/// <param name="PasswordFile">The file that holds the password; null if there is none.</param>
/// <param name="Generate">Whether to generate a password.</param>
/// <param name="DeleteMail">Whether to delete the mail of a removed user.</param>
/// <param name="Apop">Whether to keep the password in plain text too, for APOP.</param>
/// <param name="NewDomain">Whether a domain that is not the host's yet is intended.</param>
/// <param name="Quota">The quota of the mailbox; null if none is given.</param>
internal sealed record UserOptions(
    string Command, string Address, string? PasswordFile, bool Generate, bool DeleteMail,
    bool Apop = false, bool NewDomain = false, string? Quota = null)
{
    /// <summary>Parses the command line; null if it makes no sense.</summary>
    internal static UserOptions? Parse(IReadOnlyList<string> words)
    {
        if (words.Count == 0)
        {
            return null;
        }

        UserOptions options = new(words[0], "", null, false, false);
        for (int i = 1; i < words.Count; i++)
        {
            if (words[i] == "--password-file" && i + 1 < words.Count)
            {
                options = options with { PasswordFile = words[++i] };
            }
            else if (words[i] == "--generate")
            {
                options = options with { Generate = true };
            }
            else if (words[i] == "--apop")
            {
                options = options with { Apop = true };
            }
            else if (words[i] == "--new-domain" && words[0] == "add")
            {
                options = options with { NewDomain = true };
            }
            else if (words[i] == "--mail")
            {
                options = options with { DeleteMail = true };
            }
            else if (options.Address.Length == 0 && words[i] is [not '-', ..])
            {
                options = options with { Address = words[i] };
            }
            else if (words[0] == "quota" && options.Quota is null && words[i] is [not '-', ..])
            {
                options = options with { Quota = words[i] };
            }
            else
            {
                return null;
            }
        }

        return options.IsSensible ? options : null;
    }

    private bool IsSensible
    {
        get
        {
            bool hasPassword = PasswordFile is not null || Generate || Apop;
            return Command switch
            {
                "list" or "compile" or "passwd-file" or "change-password" =>
                    Address.Length == 0 && !hasPassword && !DeleteMail,
                "quota" or "lock" or "unlock" => Address.Length > 0 && !hasPassword && !DeleteMail,
                "remove" => Address.Length > 0 && !hasPassword,
                "add" or "password" => Address.Length > 0 && !DeleteMail
                    && (PasswordFile is null || !Generate),
                _ => false,
            };
        }
    }
}

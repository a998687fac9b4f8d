using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Users.Logins;
using Kopis.Users.Virtual;

namespace Kopis.Host.Accounts;

/// <summary><c>kopis user</c>: manages the virtual users of a home (kopis-user(1)).</summary>
public static class UserProgram
{
    private const string Usage = """
        usage: kopis user add ADDRESS [--password-file FILE | --generate] [--apop] [--new-domain]
               kopis user password ADDRESS [--password-file FILE | --generate] [--apop]
               kopis user change-password
               kopis user remove ADDRESS [--mail]
               kopis user lock ADDRESS
               kopis user unlock ADDRESS
               kopis user quota ADDRESS [SIZE | none]
               kopis user compile
               kopis user passwd-file
               kopis user list

        Manages virtual users: addresses with a mailbox and a password that are not users of the
        host. An address without @ is at control/me. The password is read from the terminal, or is
        the first line of FILE (- is standard input), or is generated and printed; it is never an
        argument. With --apop it is also kept in the clear, for clients that know neither TLS nor
        anything better. lock lets a user log in no more, until unlock, ends the user's sessions,
        and holds what is in the queue with the address as its sender; mail still comes. A new
        password ends sessions too. change-password is for the dashboard: it reads address, current
        and new password, a line each, from standard input, and prints changed, or why not. A
        removed user's mail stays unless --mail is given. SIZE is 500M, 2G, 10000C (messages) or
        both: 2G,10000C. compile makes the indexes of users and
        aliases after a change by hand. passwd-file makes users/dovecot.passwd, by which Dovecot
        knows the same users and passwords, and which each change of a user makes anew. A domain
        that is not this host's yet needs --new-domain, or a yes on a terminal. The home is
        KOPIS_HOME, or else that of the program's own bin directory.

        """;

    /// <summary>Runs one command.</summary>
    public static int Run(ProgramContext context) => AccountCommand.Run(
        context, Usage, words => UserOptions.Parse(words) is not { } options
            ? null
            : options.Command switch
            {
                "list" => List(context),
                "compile" => Compile(context),
                "passwd-file" => WritePasswdFile(context),
                "change-password" => PasswordChange.Run(context),
                "remove" => Remove(context, options),
                "add" => Add(context, options),
                "quota" => Quota(context, options),
                "lock" => SetLock(context, options, isLocked: true),
                "unlock" => SetLock(context, options, isLocked: false),
                _ => ChangePassword(context, options),
            });

    private static string List(ProgramContext context)
    {
        VirtualUsers users = new(context.Home);
        AccountCommand.Warn(users.Faults());
        return string.Concat(users.List().Select(user => user.Address + "\n"));
    }

    private static string Add(ProgramContext context, UserOptions options)
    {
        string address = AddressOf(context, options);
        RequireAbsent(new VirtualUsers(context.Home).Find(ByteText.ToBytes(address)), address);
        if (new VirtualAliases(context.Home).Find(ByteText.ToBytes(address)).Length > 0)
        {
            throw AccountCommand.Refused($"{address} is an alias already");
        }

        string domain = new TextAddress(address).Domain.ToString();
        OwnDomains.RequireMeant(context, domain, options.NewDomain);

        byte[] password = NewPassword.Get(options, out string? generated);
        string hash = PasswordHash.Create(password);
        using VirtualUsersFile users = new(context.Home);
        RequireAbsent(users.Find(address), address); // Another process may have added it.
        bool hadMail = Directory.Exists(users.HomeOf(address));
        users.Add(address, hash);
        SetApop(context, address, options.Apop ? password : null);
        return $"added {address}{Shown(generated)}\n"
            + (hadMail ? $"its old mailbox is used again: {users.HomeOf(address)}\n" : "")
            + OwnDomains.Serve(context, domain);
    }

    private static string ChangePassword(ProgramContext context, UserOptions options)
    {
        string address = AddressOf(context, options);
        RequirePresent(new VirtualUsers(context.Home).Find(ByteText.ToBytes(address)), address);
        byte[] password = NewPassword.Get(options, out string? generated);
        string hash = PasswordHash.Create(password);
        using VirtualUsersFile users = new(context.Home);
        bool isLocked = PasswordHash.IsLocked(
            RequirePresent(users.Find(address), address).PasswordHash);
        users.Set(address, isLocked ? PasswordHash.Lock(hash) : hash);
        users.Save();
        SetApop(context, address, options.Apop ? password : null);
        return $"changed the password of {address}{Shown(generated)}\n"
            + (isLocked ? $"{address} is locked still\n" : "");
    }

    private static string SetLock(ProgramContext context, UserOptions options, bool isLocked)
    {
        string address = AddressOf(context, options);
        using (VirtualUsersFile users = new(context.Home))
        {
            string hash = RequirePresent(users.Find(address), address).PasswordHash;
            string wanted = isLocked ? PasswordHash.Lock(hash) : PasswordHash.Unlock(hash);
            if (!isLocked && PasswordHash.IsLocked(wanted))
            {
                throw AccountCommand.Refused($"{address} has no password; set one");
            }

            users.Set(address, wanted);
            users.Save();
        }

        return isLocked
            ? $"locked {address}\n{HeldMail.Hold(context, address)}" : $"unlocked {address}\n";
    }

    private static string Remove(ProgramContext context, UserOptions options)
    {
        string address = AddressOf(context, options);
        using VirtualUsersFile users = new(context.Home);
        if (options.DeleteMail && users.Find(address) is null)
        {
            return DeleteLeftMail(context, users, address);
        }

        VirtualMailbox user = RequirePresent(users.Find(address), address);
        users.Remove(address);
        users.Save();
        SetApop(context, address, null);
        string text = options.DeleteMail
            ? $"removed {address} and its mail\n"
            : $"removed {address}; its mail stays in {user.Home}\n";
        if (options.DeleteMail)
        {
            users.DeleteMail(user);
        }

        string[] aliases = [.. new VirtualAliases(context.Home).List()
            .Where(alias => alias.Value.Split(',').Contains(address)).Select(alias => alias.Key)];
        return aliases.Length == 0
            ? text
            : $"{text}mail is still sent there by {string.Join(", ", aliases)}\n";
    }

    // A user who was removed without --mail left the mail here. Another user's line may name the
    // same place.
    private static string DeleteLeftMail(
        ProgramContext context, VirtualUsersFile users, string address)
    {
        string home = users.HomeOf(address);
        bool isUsed = new VirtualUsers(context.Home).List()
            .Select(user => Path.GetFullPath(user.Home))
            .Any(other => IsWithin(other, home) || IsWithin(home, other));
        if (!Directory.Exists(home) || isUsed)
        {
            RequirePresent(null, address);
        }

        users.DeleteMail(new VirtualMailbox(address, home, ""));
        return $"there is no user {address}; removed the mail that was left in {home}\n";
    }

    private static bool IsWithin(string place, string directory) =>
        $"{place}/".StartsWith($"{directory}/", StringComparison.Ordinal);

    // Otherwise an old password would still open the mailbox.
    internal static void SetApop(ProgramContext context, string address, byte[]? password)
    {
        if (password is null && !ApopSecretsFile.Exists(context.Home))
        {
            return;
        }

        using ApopSecretsFile secrets = new(context.Home);
        secrets.Set(address, password is null ? null : ByteText.ToText(password));
        secrets.Save();
    }

    private static string Quota(ProgramContext context, UserOptions options)
    {
        string address = AddressOf(context, options);
        return QuotaCommand.Run(
            context.Home,
            RequirePresent(new VirtualUsers(context.Home).Find(ByteText.ToBytes(address)), address),
            options.Quota);
    }

    private static string Compile(ProgramContext context)
    {
        string text = "";
        if (File.Exists(VirtualUsers.FileName(context.Home)))
        {
            using VirtualUsersFile users = new(context.Home);
            users.Save();
            text += "users/virtual.cdb\n";
        }

        text += DovecotPasswd.Exists(context.Home) ? $"{AccountFiles.DovecotPasswd}\n" : "";
        if (File.Exists(VirtualAliases.FileName(context.Home)))
        {
            using VirtualAliasesFile aliases = new(context.Home);
            aliases.Save();
            text += "users/aliases.cdb\n";
        }

        AccountCommand.Warn(new VirtualUsers(context.Home).Faults());
        AccountCommand.Warn(new VirtualAliases(context.Home).Faults());
        return text;
    }

    private static string WritePasswdFile(ProgramContext context)
    {
        using VirtualUsersFile users = new(context.Home);
        users.WriteDovecotPasswd();
        AccountCommand.Warn(new VirtualUsers(context.Home).Faults());
        return $"{AccountFiles.DovecotPasswd}\n";
    }

    private static string AddressOf(ProgramContext context, UserOptions options) =>
        AccountCommand.Address(context, options.Address);

    private static void RequireAbsent(VirtualMailbox? user, string address)
    {
        if (user is not null)
        {
            throw AccountCommand.Refused($"{address} exists already");
        }
    }

    private static VirtualMailbox RequirePresent(VirtualMailbox? user, string address) =>
        user ?? throw AccountCommand.Refused($"there is no user {address}");

    private static string Shown(string? generated) =>
        generated is null ? "" : $"\npassword {generated}   (shown only now)";
}

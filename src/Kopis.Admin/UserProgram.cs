using System.Text;
using Kopis.Base;
using Kopis.Control;
using Kopis.Posix;
using Kopis.Users;

namespace Kopis.Admin;

/// <summary><c>kopis user</c>: the virtual users of a home (kopis-user(1)).</summary>
public static class UserProgram
{
    private const string Usage = """
        usage: kopis user add ADDRESS [--password-file FILE | --generate]
               kopis user password ADDRESS [--password-file FILE | --generate]
               kopis user remove ADDRESS [--mail]
               kopis user list

        Manages the virtual users of a mail host: addresses with a mailbox and a password that
        are no users of the system. An address without @ is one of control/me. The password is
        asked for, or is the first line of FILE (- is standard input), or is made up and shown;
        it is never an argument. A removed user's mail stays where it was unless --mail is
        given. The home is KOPIS_HOME, else that of the program's own bin directory.

        """;

    /// <summary>Runs one command.</summary>
    public static int Run(ProgramContext context)
    {
        string[] words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        if (words.Any(word => word is "--help" or "-h"))
        {
            Print(1, Usage);
            return ExitCode.Success;
        }

        if (UserOptions.Parse(words) is not { } options)
        {
            Print(2, Usage);
            return ExitCode.Permanent;
        }

        try
        {
            Print(1, options.Command switch
            {
                "list" => List(context),
                "remove" => Remove(context, options),
                "add" => Add(context, options),
                _ => ChangePassword(context, options),
            });
            return ExitCode.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    private static string List(ProgramContext context) => string.Concat(
        new VirtualUsers(context.Home).List().Select(user => user.Address + "\n"));

    private static string Add(ProgramContext context, UserOptions options)
    {
        string address = AddressOf(context, options);
        RequireAbsent(new VirtualUsers(context.Home).Find(ByteText.ToBytes(address)), address);
        string hash = PasswordHash.Create(NewPassword.Get(options, out string? generated));
        using VirtualUsersFile users = new(context.Home);
        RequireAbsent(users.Find(address), address); // Another may have been faster.
        bool hadMail = Directory.Exists(users.HomeOf(address));
        users.Add(address, hash);
        string domain = address[(address.LastIndexOf('@') + 1)..];
        return $"added {address}{Shown(generated)}\n"
            + (hadMail ? $"its mailbox of before is there again: {users.HomeOf(address)}\n" : "")
            + OwnDomains.Serve(context, domain);
    }

    private static string ChangePassword(ProgramContext context, UserOptions options)
    {
        string address = AddressOf(context, options);
        RequirePresent(new VirtualUsers(context.Home).Find(ByteText.ToBytes(address)), address);
        string hash = PasswordHash.Create(NewPassword.Get(options, out string? generated));
        using VirtualUsersFile users = new(context.Home);
        RequirePresent(users.Find(address), address);
        users.Set(address, hash);
        users.Save();
        return $"changed the password of {address}{Shown(generated)}\n";
    }

    private static string Remove(ProgramContext context, UserOptions options)
    {
        string address = AddressOf(context, options);
        using VirtualUsersFile users = new(context.Home);
        VirtualMailbox user = RequirePresent(users.Find(address), address);
        users.Remove(address);
        users.Save();
        if (!options.DeleteMail)
        {
            return $"removed {address}; its mail stays in {user.Home}\n";
        }

        users.DeleteMail(user);
        return $"removed {address} and its mail\n";
    }

    private static string AddressOf(ProgramContext context, UserOptions options)
    {
        string address = options.Address;
        if (!address.Contains('@'))
        {
            byte[] me = ControlDirectory.Of(context).ReadLine("me")
                ?? throw Refused($"{Safe(address)} has no @, and there is no control/me");
            address = $"{address}@{ByteText.ToText(me)}";
        }

        address = address.ToLowerInvariant();
        return VirtualAddress.Check(address) is { } reason
            ? throw Refused($"{Safe(address)}: {reason}")
            : address;
    }

    private static void RequireAbsent(VirtualMailbox? user, string address)
    {
        if (user is not null)
        {
            throw Refused($"{address} exists already");
        }
    }

    private static VirtualMailbox RequirePresent(VirtualMailbox? user, string address) =>
        user ?? throw Refused($"there is no user {address}");

    private static string Shown(string? generated) =>
        generated is null ? "" : $"\npassword {generated}   (shown only now)";

    private static string Safe(string text) => LogText.Safe(Encoding.UTF8.GetBytes(text));

    private static ConfigurationException Refused(string why) => new(why, ExitCode.Permanent);

    private static void Print(int fd, string text) =>
        Fd.WriteAll(fd, Encoding.UTF8.GetBytes(text));
}

using System.Text;
using Kopis.Base;
using Kopis.Host.Accounts;
using Kopis.Posix;
using Kopis.Users.Logins;

namespace Kopis.Host.Web;

/// <summary><c>kopis web</c>: the dashboard's password (kopis-web(8)).</summary>
public static class WebProgram
{
    /// <summary>The directory of the dashboard's own files.</summary>
    public const string Folder = "web";

    private const string Name = "password";
    private const string Temporary = "password.new";
    private const int OwnerDirectory = 0x1C0; // 0700
    private const int OwnerFile = 0x180; // 0600

    private const string Usage = """
        usage: kopis web password [--password-file FILE | --generate]

        Sets the password of the dashboard, and ends its sessions. FILE is read up to its first
        line end, - is standard input; --generate makes a password up and prints it; without
        either the password is asked for.

        """;

    /// <summary>Runs one command.</summary>
    public static int Run(ProgramContext context) =>
        AccountCommand.Run(context, Usage, words => words switch
        {
            ["password"] => Set(context, null, generate: false),
            ["password", "--generate"] => Set(context, null, generate: true),
            ["password", "--password-file", string file] => Set(context, file, generate: false),
            _ => null,
        }, Folder);

    /// <summary>Makes up the first password of a home of one user.</summary>
    /// <returns>It; null: there is one already.</returns>
    internal static string? MakeFirst(ProgramContext context)
    {
        using Beneath tree = Open(context);
        if (tree.TryStatus(Name) is not null)
        {
            return null;
        }

        byte[] password = NewPassword.Get(
            new UserOptions("password", "", null, Generate: true, false), out string? made);
        Write(tree, password);
        return made;
    }

    private static string Set(ProgramContext context, string? file, bool generate)
    {
        using Beneath tree = Open(context);
        byte[] password = NewPassword.Get(
            new UserOptions("password", "", file, generate, false), out string? made);
        Write(tree, password);
        return made is null ? "" : $"{made}\n";
    }

    /// <summary>The file appears whole, or not at all.</summary>
    private static void Write(Beneath tree, byte[] password)
    {
        tree.TryUnlink(Temporary); // Of a run that was cut short.
        int fd = tree.Open(
            Temporary, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, OwnerFile);
        try
        {
            Fd.WriteAll(fd, Encoding.ASCII.GetBytes(PasswordHash.Create(password) + "\n"));
            Fd.Sync(fd);
        }
        finally
        {
            Fd.Close(fd);
        }

        tree.Rename(Temporary, Name);
        tree.SyncDirectory("");
    }

    private static Beneath Open(ProgramContext context)
    {
        string path = context.In(Folder);
        if (Processes.EffectiveUid != 0 || Fd.TryStatus(
            Fd.PathBytes(context.In("queue")), out _) is { Uid: 0 })
        {
            Paths.TryMakeDirectory(path, OwnerDirectory); // A home of one user, of before.
        }

        try
        {
            return Beneath.TryOpenOwn(path) ?? throw AccountCommand.Refused(
                $"{path}: not a directory of this user's that nobody else can write to");
        }
        catch (PosixException e)
        {
            throw AccountCommand.Refused(
                $"{path}: {e.Message}; on an installed host kopis check-install --mend makes it");
        }
    }
}

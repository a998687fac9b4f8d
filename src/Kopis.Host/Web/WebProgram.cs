using System.Buffers.Text;
using System.Security.Cryptography;
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
    private const string TokenName = "token";
    private const int TokenBytes = 32;
    private const int OwnerDirectory = 0x1C0; // 0700
    private const int OwnerFile = 0x180; // 0600

    private const string Usage = """
        usage: kopis web password [--password-file FILE | --generate]
               kopis web token

        Sets the password of the dashboard, and ends its sessions. FILE is read up to its first
        line end, - is standard input; --generate makes a password up and prints it; without
        either the password is asked for. token makes a token for a monitor that reads /metrics,
        and prints it; the one before ends.

        """;

    /// <summary>Runs one command.</summary>
    public static int Run(ProgramContext context) =>
        AccountCommand.Run(context, Usage, words => words switch
        {
            ["password"] => Set(context, null, generate: false),
            ["password", "--generate"] => Set(context, null, generate: true),
            ["password", "--password-file", string file] => Set(context, file, generate: false),
            ["token"] => MakeToken(context),
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
        Write(tree, Name, PasswordHash.Create(password));
        return made;
    }

    private static string Set(ProgramContext context, string? file, bool generate)
    {
        using Beneath tree = Open(context);
        byte[] password = NewPassword.Get(
            new UserOptions("password", "", file, generate, false), out string? made);
        Write(tree, Name, PasswordHash.Create(password));
        return made is null ? "" : $"{made}\n";
    }

    /// <summary>The file has a digest alone: the token is as long as that, and nobody guesses it.
    /// </summary>
    private static string MakeToken(ProgramContext context)
    {
        using Beneath tree = Open(context);
        string token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(TokenBytes));
        Write(tree, TokenName, Convert.ToHexStringLower(
            SHA256.HashData(Encoding.ASCII.GetBytes(token))));
        return $"{token}\n";
    }

    private static void Write(Beneath tree, string name, string line) =>
        tree.Replace(name, $"{name}.new", Encoding.ASCII.GetBytes(line + "\n"), OwnerFile);

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

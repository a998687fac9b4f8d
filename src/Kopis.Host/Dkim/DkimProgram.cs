using Kopis.Base;
using Kopis.Host.Accounts;

namespace Kopis.Host.Dkim;

/// <summary><c>kopis dkim</c>: the keys that sign outgoing mail (kopis-dkim(1)).</summary>
public static class DkimProgram
{
    private const string Usage = """
        usage: kopis dkim new DOMAIN [--selector S] [--rsa-bits N] [--only rsa|ed25519]
               kopis dkim show [DOMAIN]
               kopis dkim check [DOMAIN]
               kopis dkim rotate DOMAIN [--days N] [--rsa-bits N] [--only rsa|ed25519]
               kopis dkim rotate DOMAIN --finish
               kopis dkim remove DOMAIN SELECTOR

        new     makes keys, and prints their DNS records
        show    prints the records of a domain, or the domains that have keys
        check   compares the records with what DNS serves: exit 0 if all are published, 100 if
                not, 111 if DNS does not answer
        rotate  makes new keys that sign in N days (3); the old ones end a week after.
                --finish: the new ones sign at once, if DNS serves them, and the old ones end

        """;

    /// <summary>Runs one command.</summary>
    public static int Run(ProgramContext context)
    {
        DkimCommands commands = new(context, TimeProvider.System);
        int done = AccountCommand.Run(context, Usage, words => words switch
        {
            ["new", .. string[] more] => commands.New(more),
            ["show", .. string[] more] => commands.Show(more),
            ["check", .. string[] more] => commands.Check(more),
            ["rotate", .. string[] more] => commands.Rotate(more),
            ["remove", .. string[] more] => commands.Remove(more),
            _ => null,
        }, "dkim");
        return done == ExitCode.Success ? commands.Code : done;
    }
}

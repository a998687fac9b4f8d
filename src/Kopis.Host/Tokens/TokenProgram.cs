using Kopis.Base;
using Kopis.Host.Accounts;
using Kopis.Posix;

namespace Kopis.Host.Tokens;

/// <summary><c>kopis token</c>: OAuth tokens for logins at relays (kopis-token(1)).</summary>
public static class TokenProgram
{
    private const string Usage = """
        usage: kopis token new NAME
               kopis token renew [--now] [NAME]
               kopis token show

        Gets and renews the token auth/NAME by what auth/NAME.client says.

          new    has somebody authorize this host in a browser, and keeps the refresh token
          renew  renews all tokens that end within 20 minutes, or one
                 --now: whenever they end
          show   lists them

        """;

    /// <summary>Runs one command.</summary>
    public static int Run(ProgramContext context)
    {
        TokenCommands commands = new(
            context, TimeProvider.System, text => Fd.WriteAll(1, ByteText.ToBytes(text)));
        int done = AccountCommand.Run(context, Usage, words => words switch
        {
            ["new", .. string[] more] => commands.New(more),
            ["renew", .. string[] more] => commands.Renew(more),
            ["show", .. string[] more] => commands.Show(more),
            _ => null,
        }, "auth");
        return done == ExitCode.Success ? commands.Code : done;
    }
}

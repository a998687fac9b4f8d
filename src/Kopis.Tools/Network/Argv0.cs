using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.Network;

/// <summary><c>argv0 REALNAME NAME ARGUMENTS</c>: runs a program under another name.</summary>
public static class Argv0
{
    /// <summary>Runs the program; returns only by throwing.</summary>
    public static int Run(ProgramContext context)
    {
        if (context.Arguments.Count < 2)
        {
            throw new ConfigurationException(
                "usage: argv0 realname program [ arg ... ]", ExitCode.Permanent);
        }

        Successor.Run(
            context.Environment, context.Arguments[0], [.. context.Arguments.Skip(1)]);
        return ExitCode.Temporary;
    }
}

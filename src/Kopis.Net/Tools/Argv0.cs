using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Net;

/// <summary><c>argv0 REALNAME NAME ARGUMENTS</c>: runs a program under another name.</summary>
public static class Argv0
{
    /// <summary>Returns only by throwing.</summary>
    public static int Run(ProgramContext context)
    {
        if (context.Arguments.Count < 2)
        {
            throw new ConfigurationException(
                "usage: argv0 realname program [ arg ... ]", ExitCode.Permanent);
        }

        string name = LogText.Safe(context.Arguments[0]);
        string path = ProgramPath.Find(context.Environment, context.Arguments[0])
            ?? throw new ConfigurationException($"unable to run {name}: it is not in PATH");
        try
        {
            Processes.Exec(path, [.. context.Arguments.Skip(1)], context.Environment);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException($"unable to run {name}: {e.Message}", e);
        }

        return ExitCode.Temporary;
    }
}

using System.Text;
using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Host.Completion;

/// <summary><c>kopis completion</c>: prints a script with which a shell completes the words of
/// <c>kopis</c> (kopis-completion(1)).</summary>
public static class CompletionProgram
{
    private const string Usage = """
        usage: kopis completion bash|zsh|fish

        Prints a script that makes a shell complete the programs, commands and options of kopis,
        made from the usage of each. kopis install puts the three into completion of the home.

        """;

    /// <summary>Prints a script.</summary>
    /// <param name="context">The shell's name.</param>
    /// <param name="programs">The programs of kopis, and what each does.</param>
    public static int Run(
        ProgramContext context, IReadOnlyList<(string Name, string Summary)> programs)
    {
        string[] words = [.. context.Arguments.Select(word => Encoding.UTF8.GetString(word))];
        string? text = words switch
        {
            ["bash"] => BashScript.Make(programs, Forms(context, programs)),
            ["zsh"] => ZshScript.Make(programs, Forms(context, programs)),
            ["fish"] => FishScript.Make(programs, Forms(context, programs)),
            ["--help"] or ["-h"] => Usage,
            _ => null,
        };
        Fd.WriteAll(text is null ? 2 : 1, Encoding.UTF8.GetBytes(text ?? Usage));
        return text is null ? ExitCode.Permanent : ExitCode.Success;
    }

    private static CommandForm[] Forms(
        ProgramContext context, IReadOnlyList<(string Name, string Summary)> programs)
    {
        CommandForm[] forms =
        [
            .. programs.SelectMany(program => UsageReader.Read(
                program.Name, OwnCommand.Run(context, program.Name, "--help").Text)),
        ];
        foreach (CommandForm form in forms.Where(form => form.Program == "config"
            && form.Command is "check" or "explain" or "get" or "set" or "unset"))
        {
            form.Words.UnionWith(ControlCatalog.Controls.Select(file => file.Name));
        }

        return forms;
    }
}

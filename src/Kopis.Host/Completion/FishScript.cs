using System.Text;

namespace Kopis.Host.Completion;

/// <summary>The completion script for fish.</summary>
internal static class FishScript
{
    internal static string Make(
        IReadOnlyList<(string Name, string Summary)> programs, CommandForm[] forms)
    {
        StringBuilder text = new("""
            # Completion of kopis for fish, made by: kopis completion fish
            function __kopis_after
                set -l words (commandline -opc)
                test "$words[2..]" = "$argv"
            end
            function __kopis_in
                set -l words (commandline -opc)
                set -l last (math 1 + (count $argv))
                test (count $words) -ge $last; and test "$words[2..$last]" = "$argv"
            end

            """);
        foreach ((string name, string summary) in programs)
        {
            text.Append(null, $"complete -c kopis -f -n __kopis_after -a {name} ");
            text.Append(null, $"-d '{ScriptWords.Quoted(summary)}'\n");
        }

        foreach (IGrouping<string, CommandForm> program in forms.GroupBy(form => form.Program))
        {
            string[] commands = [.. program.Select(form => form.Command).Where(c => c.Length > 0)];
            if (commands.Length > 0)
            {
                text.Append(null, $"complete -c kopis -f -n '__kopis_after {program.Key}' ");
                text.Append(null, $"-a '{string.Join(' ', commands)}'\n");
            }
        }

        foreach (CommandForm form in forms)
        {
            string within = $"{form.Program} {form.Command}".TrimEnd();
            foreach ((string option, string[]? values) in form.Options)
            {
                text.Append(null, $"complete -c kopis -n '__kopis_in {within}' -l {option[2..]}");
                text.Append(values switch
                {
                    null => "\n",
                    [] => " -r\n",
                    _ => $" -x -a '{string.Join(' ', values)}'\n",
                });
            }

            if (form.Words.Count > 0)
            {
                text.Append(null, $"complete -c kopis -n '__kopis_in {within}' ");
                text.Append(null, $"-a '{string.Join(' ', form.Words)}'\n");
            }
        }

        return text.ToString();
    }
}

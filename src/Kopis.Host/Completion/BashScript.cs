using System.Text;

namespace Kopis.Host.Completion;

/// <summary>The script for bash.</summary>
internal static class BashScript
{
    internal static string Make(
        IReadOnlyList<(string Name, string Summary)> programs, CommandForm[] forms)
    {
        StringBuilder text = new();
        text.Append(null, $$"""
            # Completion of kopis for bash, made by: kopis completion bash
            _kopis() {
                local cur=${COMP_WORDS[COMP_CWORD]} words=
                local at="${COMP_WORDS[1]} ${COMP_WORDS[2]}"
                if ((COMP_CWORD == 1)); then
                    words='{{string.Join(' ', programs.Select(program => program.Name))}}'
                elif ((COMP_CWORD == 2)); then
                    case ${COMP_WORDS[1]} in

            """);
        foreach (IGrouping<string, CommandForm> program in forms.GroupBy(form => form.Program))
        {
            text.Append(null, $"        {program.Key}) words='{ScriptWords.Second(program)}' ;;\n");
        }

        text.Append("        esac\n    else\n")
            .Append("        case \"$at ${COMP_WORDS[COMP_CWORD-1]}\" in\n");
        foreach ((CommandForm form, string option, string[] values) in ScriptWords.Values(forms))
        {
            string pattern = ScriptWords.Pattern(form);
            text.Append(null, $"        {pattern}' {option}') ");
            text.Append(null, $"words='{string.Join(' ', values)}' ;;\n");
        }

        text.Append("        *)\n            case $at in\n");
        foreach (CommandForm form in ScriptWords.CommandsFirst(forms))
        {
            string pattern = ScriptWords.Pattern(form);
            text.Append(null, $"            {pattern}) words='{ScriptWords.Later(form)}' ;;\n");
        }

        return text.Append("""
                        esac ;;
                    esac
                fi
                COMPREPLY=($(compgen -W "$words" -- "$cur"))
            }
            complete -o default -F _kopis kopis

            """).ToString();
    }
}

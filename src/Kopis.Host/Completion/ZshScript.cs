using System.Text;

namespace Kopis.Host.Completion;

/// <summary>The script for zsh.</summary>
internal static class ZshScript
{
    internal static string Make(
        IReadOnlyList<(string Name, string Summary)> programs, CommandForm[] forms)
    {
        StringBuilder text = new("""
            #compdef kopis
            # Completion of kopis for zsh, made by: kopis completion zsh
            _kopis() {
                local -a programs found
                local at="$words[2] $words[3]"
                if (( CURRENT == 2 )); then
                    programs=(

            """);
        foreach ((string name, string summary) in programs)
        {
            text.Append(null, $"            '{name}:{ScriptWords.Quoted(summary)}'\n");
        }

        text.Append("""
                    )
                    _describe -t programs program programs
                    return
                elif (( CURRENT == 3 )); then
                    case $words[2] in

            """);
        foreach (IGrouping<string, CommandForm> program in forms.GroupBy(form => form.Program))
        {
            string words = ScriptWords.Second(program);
            text.Append(null, $"            {program.Key}) found=({words}) ;;\n");
        }

        text.Append("        esac\n    else\n        case \"$at $words[CURRENT-1]\" in\n");
        foreach ((CommandForm form, string option, string[] values) in ScriptWords.Values(forms))
        {
            string pattern = ScriptWords.Pattern(form);
            text.Append(null, $"            {pattern}' {option}') ");
            text.Append(null, $"found=({string.Join(' ', values)}) ;;\n");
        }

        text.Append("            *)\n                case $at in\n");
        foreach (CommandForm form in ScriptWords.CommandsFirst(forms))
        {
            string pattern = ScriptWords.Pattern(form);
            text.Append(null, $"                {pattern}) found=({ScriptWords.Later(form)}) ;;\n");
        }

        return text.Append("""
                        esac ;;
                    esac
                fi
                compadd -- $found
                [[ $words[CURRENT] == -* ]] || _files
            }
            _kopis "$@"

            """).ToString();
    }
}

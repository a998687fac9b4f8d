namespace Kopis.Host.Completion;

/// <summary>The completion script for zsh.</summary>
internal static class ZshScript
{
    internal static string Make(
        IReadOnlyList<(string Name, string Summary)> programs, CommandForm[] forms)
    {
        ScriptWords words = new(forms, static words => $"found=({words})");
        IEnumerable<string> lines = programs.Select(program =>
            $"            '{program.Name}:{ScriptWords.Quoted(program.Summary)}'");
        return $$"""
            #compdef kopis
            # Completion of kopis for zsh, made by: kopis completion zsh
            _kopis() {
                local -a programs found
                local at="$words[2] $words[3]"
                if (( CURRENT == 2 )); then
                    programs=(
            {{string.Join('\n', lines)}}
                    )
                    _describe -t programs program programs
                    return
                elif (( CURRENT == 3 )); then
                    case $words[2] in
            {{words.Second(12)}}
                    esac
                else
                    case "$at $words[CURRENT-1]" in
            {{words.Values(12)}}
                        *)
                            case $at in
            {{words.Later(16)}}
                        esac ;;
                    esac
                fi
                compadd -- $found
                [[ $words[CURRENT] == -* ]] || _files
            }
            _kopis "$@"

            """;
    }
}

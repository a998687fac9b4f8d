namespace Kopis.Host.Completion;

/// <summary>The completion script for bash.</summary>
internal static class BashScript
{
    internal static string Make(
        IReadOnlyList<(string Name, string Summary)> programs, CommandForm[] forms)
    {
        ScriptWords words = new(forms, static words => $"words='{words}'");
        return $$"""
            # Completion of kopis for bash, made by: kopis completion bash
            _kopis() {
                local cur=${COMP_WORDS[COMP_CWORD]} words=
                local at="${COMP_WORDS[1]} ${COMP_WORDS[2]}"
                if ((COMP_CWORD == 1)); then
                    words='{{string.Join(' ', programs.Select(program => program.Name))}}'
                elif ((COMP_CWORD == 2)); then
                    case ${COMP_WORDS[1]} in
            {{words.Second(8)}}
                    esac
                else
                    case "$at ${COMP_WORDS[COMP_CWORD-1]}" in
            {{words.Values(8)}}
                    *)
                        case $at in
            {{words.Later(12)}}
                        esac ;;
                    esac
                fi
                COMPREPLY=($(compgen -W "$words" -- "$cur"))
            }
            complete -o default -F _kopis kopis

            """;
    }
}

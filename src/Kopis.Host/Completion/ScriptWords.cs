namespace Kopis.Host.Completion;

/// <summary>The cases in the scripts of bash and zsh. Each is a line that sets the possible next
/// words.</summary>
/// <param name="forms">All commands.</param>
/// <param name="set">The shell's command that sets words.</param>
internal sealed class ScriptWords(CommandForm[] forms, Func<string, string> set)
{
    /// <summary>The cases for the second word, by program: its commands, or what follows if it has
    /// none.</summary>
    internal string Second(int indent) => Lines(indent, forms.GroupBy(form => form.Program)
        .Select(program => (program.Key, program.SelectMany(form =>
            form.Command.Length > 0 ? [form.Command] : form.Options.Keys.Concat(form.Words)))));

    /// <summary>The cases for further words, by program and second word.</summary>
    internal string Later(int indent) => Lines(indent, CommandsFirst
        .Select(form => (Pattern(form), form.Options.Keys.Concat(form.Words))));

    /// <summary>The cases for values of options with a few possible words, by program, second word
    /// and option.</summary>
    internal string Values(int indent) => Lines(indent, CommandsFirst
        .SelectMany(form => form.Options.Where(option => option.Value is not (null or []))
            .Select(option => ($"{Pattern(form)}' {option.Key}'", option.Value!.AsEnumerable()))));

    /// <summary>Quotes a text for single quotes.</summary>
    internal static string Quoted(string text) =>
        text.Replace("'", "", StringComparison.Ordinal);

    // A form without a command applies where no other form does.
    private IEnumerable<CommandForm> CommandsFirst =>
        forms.OrderBy(form => form.Command.Length == 0);

    private static string Pattern(CommandForm form) => form.Command.Length > 0
        ? $"'{form.Program} {form.Command}'" : $"'{form.Program} '*";

    private string Lines(
        int indent, IEnumerable<(string Pattern, IEnumerable<string> Words)> cases) => string.Join(
            '\n', cases.Select(one =>
                $"{new string(' ', indent)}{one.Pattern}) {set(string.Join(' ', one.Words))} ;;"));
}

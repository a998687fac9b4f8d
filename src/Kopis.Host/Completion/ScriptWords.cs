namespace Kopis.Host.Completion;

/// <summary>What the scripts of bash and zsh have in common.</summary>
internal static class ScriptWords
{
    /// <summary>What may be the second word: commands, or what follows where there is none.
    /// </summary>
    internal static string Second(IEnumerable<CommandForm> program) => string.Join(
        ' ', program.SelectMany(form =>
            form.Command.Length > 0 ? [form.Command] : form.Options.Keys.Concat(form.Words)));

    /// <summary>What may come after that.</summary>
    internal static string Later(CommandForm form) =>
        string.Join(' ', form.Options.Keys.Concat(form.Words));

    /// <summary>Of options that take one of a few words.</summary>
    internal static IEnumerable<(CommandForm Form, string Option, string[] Values)> Values(
        IEnumerable<CommandForm> forms) =>
        CommandsFirst(forms).SelectMany(form => form.Options
            .Where(option => option.Value is not (null or []))
            .Select(option => (form, option.Key, option.Value!)));

    /// <summary>A form without a command is for what no other is for.</summary>
    internal static IEnumerable<CommandForm> CommandsFirst(IEnumerable<CommandForm> forms) =>
        forms.OrderBy(form => form.Command.Length == 0);

    /// <summary>Of program and second word.</summary>
    internal static string Pattern(CommandForm form) => form.Command.Length > 0
        ? $"'{form.Program} {form.Command}'" : $"'{form.Program} '*";

    /// <summary>For single quotes.</summary>
    internal static string Quoted(string text) =>
        text.Replace("'", "", StringComparison.Ordinal);
}

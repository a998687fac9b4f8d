namespace Kopis.Host.Completion;

/// <summary>The words that may follow a program of <c>kopis</c>, or a command of it.</summary>
/// <param name="Program">The program, such as <c>user</c>.</param>
/// <param name="Command">The command, such as <c>add</c>; empty if the program has none.</param>
internal sealed record CommandForm(string Program, string Command)
{
    /// <summary>The options. An option that takes one of a few words has these words; null if it
    /// takes none of a few.</summary>
    internal SortedDictionary<string, string[]?> Options { get; } = new(StringComparer.Ordinal);

    /// <summary>Other literal words that may follow.</summary>
    internal SortedSet<string> Words { get; } = new(StringComparer.Ordinal);
}

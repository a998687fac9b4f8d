namespace Kopis.Host.Completion;

/// <summary>What may follow a program of <c>kopis</c>, or a command of it.</summary>
/// <param name="Program">The program: <c>user</c>.</param>
/// <param name="Command">The command: <c>add</c>; empty where the program has none there.</param>
internal sealed record CommandForm(string Program, string Command)
{
    /// <summary>Options, and for one that takes a value of a few words these words; null: it takes
    /// none.</summary>
    internal SortedDictionary<string, string[]?> Options { get; } = new(StringComparer.Ordinal);

    /// <summary>Other words that may follow as they are.</summary>
    internal SortedSet<string> Words { get; } = new(StringComparer.Ordinal);
}

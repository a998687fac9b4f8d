using System.Reflection;

namespace Kopis.Base;

/// <summary>The version of Kopis, and the commit that it was built from.</summary>
public static class BuildVersion
{
    private const int CommitLettersMax = 12;

    private static readonly string Informational = typeof(BuildVersion).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    /// <summary>The version, such as <c>0.2.0</c>.</summary>
    public static string Number { get; } =
        typeof(BuildVersion).Assembly.GetName().Version!.ToString(3);

    /// <summary>The version and the commit, such as <c>0.2.0 (commit 1a2b3c4d)</c>.
    /// <c>-modified</c> follows the commit if the sources differed from it.</summary>
    public static string Text => Describe(Number, Informational);

    /// <summary>Formats the version and the commit.</summary>
    /// <param name="number">The version.</param>
    /// <param name="informational">What the build wrote: <c>0.2.0+COMMIT</c>, or no plus where
    /// there was no git to ask.</param>
    internal static string Describe(string number, string informational)
    {
        int plus = informational.IndexOf('+');
        if (plus < 0)
        {
            return $"{number} (commit unknown: not built from git)";
        }

        string[] commit = informational[(plus + 1)..].Split('-', 2);
        string name = commit[0][..Math.Min(commit[0].Length, CommitLettersMax)];
        return commit.Length == 1
            ? $"{number} (commit {name})" : $"{number} (commit {name}-{commit[1]})";
    }
}

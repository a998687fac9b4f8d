using System.Text.RegularExpressions;

namespace Kopis.Base.Tests;

/// <summary>The C# sources as text, for tests that read names in them.</summary>
internal static partial class SourceText
{
    private const string Modifiers = "public|internal|private|protected|static|sealed|abstract"
        + "|readonly|partial|ref|virtual|override|async|unsafe|extern|const|required|new|volatile";

    /// <summary>The files below a folder of the repository, without what a build makes.</summary>
    internal static IEnumerable<string> Files(string folder) => Directory
        .EnumerateFiles(
            Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories)
        .Where(path => !Built().IsMatch(path));

    /// <summary>A file's text without comments.</summary>
    internal static string Read(string path) => Comment().Replace(File.ReadAllText(path), "");

    /// <summary>The names in a text.</summary>
    internal static IEnumerable<string> Words(string text) =>
        Word().Matches(text).Select(word => word.Value);

    /// <summary>The types that a text declares, nested ones too.</summary>
    internal static IEnumerable<string> Types(string text) =>
        Type().Matches(text).Select(type => type.Groups["name"].Value);

    /// <summary>The types, methods, properties, fields and constants that a text declares, but for
    /// those that override another's or that the system implements.</summary>
    internal static IEnumerable<string> Members(string text) =>
        Type().Matches(text).Concat(Member().Matches(text))
            .Where(member => !Elsewhere().IsMatch(member.Groups["modifiers"].Value))
            .Select(member => member.Groups["name"].Value);

    [GeneratedRegex(@"(?<![:""])//[^\n]*")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\b[A-Za-z_]\w*")]
    private static partial Regex Word();

    [GeneratedRegex($@"^[ ]*(?<modifiers>(?>(?:(?:{Modifiers}) )+))"
        + @"(?:class|struct|enum|interface|record struct|record) (?<name>\w+)",
        RegexOptions.Multiline)]
    private static partial Regex Type();

    [GeneratedRegex($@"^[ ]{{4,8}}(?<modifiers>(?>(?:(?:{Modifiers}) )+))"
        + @"(?!(?:class|struct|enum|interface|record) )[\w<>\[\],.?() ]+? (?<name>\w+)"
        + @"(?=\s*(?:\(|=>|\{|=|;|<|$))", RegexOptions.Multiline)]
    private static partial Regex Member();

    [GeneratedRegex(@"\b(?:override|extern)\b")]
    private static partial Regex Elsewhere();

    [GeneratedRegex("/(obj|bin)/")]
    private static partial Regex Built();
}

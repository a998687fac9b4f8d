using System.Text.RegularExpressions;

namespace Kopis.Base.Tests;

/// <summary>qmail-showctl's table and the readers of control files, compared by the sources.
/// </summary>
public sealed partial class ControlTableTests
{
    private const string Table = "Kopis.Host/Control/ControlTexts.cs";

    /// <summary>Read by ends of names, and in a directory.</summary>
    private static readonly string[] Derived = ["morercpthosts.cdb"];

    private static readonly string Sources = FindSources();

    private static readonly Dictionary<string, string> Files = Directory
        .GetFiles(Sources, "*.cs", SearchOption.AllDirectories)
        .ToDictionary(path => path, File.ReadAllText);

    /// <summary>What is known: the table's names, those of constants too.</summary>
    private static readonly HashSet<string> Known =
    [
        .. TableRow().Matches(Files[Path.Combine(Sources, Table)])
            .SelectMany(row => Names(row.Groups["name"].Value, "ControlTexts")),
        .. Derived,
    ];

    [Fact]
    public void There_is_something_to_compare() => Assert.True(Known.Count > 80, $"{Known.Count}");

    /// <summary>Before: resolvers, concurrencyincoming and tcprules.txt were not.</summary>
    [Fact]
    public void Every_file_that_is_read_is_in_the_table()
    {
        string[] read = [.. Files.Where(file => !file.Key.EndsWith(Table, StringComparison.Ordinal))
            .SelectMany(file => Read().Matches(file.Value).SelectMany(call => Names(
                call.Groups["name"].Value, Path.GetFileNameWithoutExtension(file.Key))))
            .Distinct()];
        Assert.True(read.Length > 60, $"{read.Length}");
        Assert.Equal([], read.Where(name => !Known.Contains(name)));
    }

    [Fact]
    public void Every_file_in_the_table_is_read()
    {
        HashSet<string> words =
        [
            .. Files.Where(file => !file.Key.EndsWith(Table, StringComparison.Ordinal)
                    && !file.Key.Contains("/Install/", StringComparison.Ordinal))
                .SelectMany(file => Word().Matches(file.Value))
                .Select(word => word.Groups["name"].Value),
        ];
        Assert.Equal([], Known.Where(name => !words.Contains(name)));
    }

    // A literal, or a constant of this class or of the one that is named.
    private static IEnumerable<string> Names(string argument, string file)
    {
        if (argument[0] == '"')
        {
            return [argument.Trim('"')];
        }

        string[] parts = argument.Split('.');
        string home = parts.Length > 1 ? parts[^2] : file;
        return Files.Where(source => Path.GetFileNameWithoutExtension(source.Key) == home)
            .SelectMany(source => Constant().Matches(source.Value))
            .Where(constant => constant.Groups["name"].Value == parts[^1])
            .Select(constant => constant.Groups["value"].Value);
    }

    private static string FindSources()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "Kopis.slnx")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return Path.Combine(directory!, "src");
    }

    [GeneratedRegex("""new\(\s*(?<name>"[^"]+"|[A-Z]\w*\.\w+),\s*Kind\.""")]
    private static partial Regex TableRow();

    [GeneratedRegex(
        """[cC]ontrol\.Read(Line|LineOrMe|Int|Long|Seconds|List|Cdb|Whole)\(\s*"""
        + """(?<name>"[^"]+"|[A-Z][\w.]*)"""
        + """|\(control,\s*(?<name>"[a-z0-9.]+"|[A-Z][\w.]*)"""
        + """|\(control, "\w+",\s*(?<name>"[^"]+")""")]
    private static partial Regex Read();

    [GeneratedRegex("""const string (?<name>\w+) =\s*"(?<value>[^"]+)";""")]
    private static partial Regex Constant();

    [GeneratedRegex("\"(?<name>[a-z0-9.]+)\"")]
    private static partial Regex Word();
}

using System.Text.RegularExpressions;

namespace Kopis.Base.Tests;

/// <summary>docs/WHERE.md names files, and functions that are declared in them.</summary>
public sealed partial class WhereTests
{
    private const int RowsMin = 40;

    private static readonly string[] Rows =
    [
        .. File.ReadLines(Path.Combine(Repository.Root, "docs/WHERE.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal)
                && !line.StartsWith("| what is decided", StringComparison.Ordinal)),
    ];

    [Fact]
    public void It_has_a_place_in_each_row()
    {
        Assert.True(Rows.Length >= RowsMin, $"{Rows.Length} rows");
        Assert.Equal([], Rows.Where(row => !Place().IsMatch(row)));
    }

    /// <summary>Else a typing error would hide a place.</summary>
    [Fact]
    public void All_that_looks_like_a_place_is_read_as_one() => Assert.Equal(
        [], Rows.Where(row => Source().Count(row) != Place().Count(row)));

    [Fact]
    public void Every_place_is_there() => Assert.Equal(
        [],
        Rows.SelectMany(row => Place().Matches(row))
            .Where(place => !IsThere(
                Path.Combine(Repository.Root, place.Groups["path"].Value),
                place.Groups["name"].Value))
            .Select(place => place.Value));

    /// <summary>Of all pages but those that tell what was.</summary>
    [Fact]
    public void Every_place_that_a_page_names_is_there()
    {
        string[] pages =
        [
            Path.Combine(Repository.Root, "README.md"),
            Path.Combine(Repository.Root, "CONTRIBUTING.md"),
            .. Directory
                .EnumerateFiles(
                    Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
                .Where(page => Path.GetFileName(page) is not ("house.md" or "PERFORMANCE.md")),
        ];
        string[] places = [.. pages.SelectMany(page => InPage().Matches(File.ReadAllText(page)))
            .Select(place => place.Groups["path"].Value)
            .Distinct()];
        Assert.True(places.Length > 100, $"{places.Length} places");
        Assert.Equal([], places.Where(place => !((string[])["src", "tests"]).Any(root =>
        {
            string path = Path.Combine(Repository.Root, root, place);
            return Directory.Exists(path) || File.Exists(path) || File.Exists($"{path}.cs");
        })));
    }

    [Theory]
    [InlineData("src/Kopis.Net/LinePump.cs", "RunAsync", true)]
    [InlineData("src/Kopis.Net/LinePump.cs", "LinePump", true)]
    [InlineData("src/Kopis.Server/Smtp/SmtpConversation.cs", "OnLine", true)]
    [InlineData("src/Kopis.Server/Smtp/SmtpPolicy.cs", "Extensions", true)]
    [InlineData("src/Kopis.Net/LinePump.cs", "CancelPendingRead", false)]
    [InlineData("src/Kopis.Net/LinePump.cs", "HandleLine", false)]
    [InlineData("src/Kopis.Net/NotThere.cs", "", false)]
    public void What_is_there_is_known(string path, string name, bool isThere) =>
        Assert.Equal(isThere, IsThere(Path.Combine(Repository.Root, path), name));

    private static bool IsThere(string path, string name) =>
        File.Exists(path) && (name.Length == 0 || File.ReadLines(path).Any(line =>
            Regex.IsMatch(line, Declaration.Replace("NAME", name, StringComparison.Ordinal))));

    // Of a member, or of a type with its own constructor; its parameters may begin a line later.
    private const string Declaration =
        @"^ *(?:(?:public|internal|private|protected)\b[^=;]*?|[\w<>?]+ \w+\.)"
        + @"\bNAME(?:<[\w, ]+>)?(?=\(| =>| \{|$)";

    [GeneratedRegex(@"`(?<path>src/[\w./-]+\.cs)(?:: (?<name>\w+))?`")]
    private static partial Regex Place();

    [GeneratedRegex(@"(?<!artifacts/bin/)"
        + @"\b(?<path>Kopis\.[A-Z]\w+(?:\.Tests)?(?:/[A-Za-z][\w.]*)*)\b")]
    private static partial Regex InPage();

    [GeneratedRegex("src/")]
    private static partial Regex Source();
}

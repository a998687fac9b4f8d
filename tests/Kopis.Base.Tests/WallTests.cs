using System.Text.RegularExpressions;

namespace Kopis.Base.Tests;

/// <summary>The table of projects in docs/ARCHITECTURE.md is that of the sources: their references
/// and their folders.</summary>
public sealed partial class WallTests
{
    private static readonly string Sources = Path.Combine(Repository.Root, "src");

    private static readonly Dictionary<string, Match> Rows = File
        .ReadLines(Path.Combine(Repository.Root, "docs/ARCHITECTURE.md"))
        .Select(line => Row().Match(line))
        .Where(row => row.Success)
        .ToDictionary(row => row.Groups["project"].Value);

    [Fact]
    public void Every_project_has_a_row() => Assert.Equal(
        Directory.GetDirectories(Sources).Select(Path.GetFileName).Order(), Rows.Keys.Order());

    [Fact]
    public void A_project_sees_what_its_row_says()
    {
        foreach ((string project, Match row) in Rows)
        {
            string[] seen = [.. Reference()
                .Matches(File.ReadAllText(Path.Combine(Sources, project, $"{project}.csproj")))
                .Select(reference => reference.Groups["name"].Value)];
            string said = row.Groups["sees"].Value;
            string[] wanted = said switch
            {
                "nothing" => [],
                "Base only" => ["Base"],
                "Base and Posix only" => ["Base", "Posix"],
                "all but Mail, Queue and Web" => [.. Rows.Keys.Where(name => name.Contains('.'))
                    .Select(name => name[(name.IndexOf('.') + 1)..])
                    .Except(["Mail", "Queue", "Web"])],
                _ => ["Base", "Posix", .. said.Split(", ")],
            };
            Assert.True(
                wanted.Order().SequenceEqual(seen.Order()),
                $"{project}: {string.Join(", ", seen)}");
        }
    }

    [Fact]
    public void A_project_has_the_rooms_that_its_row_names()
    {
        foreach ((string project, Match row) in Rows)
        {
            string folder = Path.Combine(Sources, project);
            string[] rooms = [.. Directory
                .EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(folder, Path.GetDirectoryName(path)!))
                .Where(room => room is not "." && !Built().IsMatch(room))
                .Distinct()];
            string[] named = [.. Room().Matches(row.Groups["rooms"].Value)
                .Select(room => room.Groups["name"].Value)];
            Assert.True(
                rooms.Order().SequenceEqual(named.Order()),
                $"{project}: {string.Join(", ", rooms)}");
        }
    }

    [GeneratedRegex(@"^\| `(?<project>Kopis[.\w]*)` \| (?<rooms>.*) \| (?<sees>.*) \|$")]
    private static partial Regex Row();

    [GeneratedRegex(@"ProjectReference Include=""\.\./Kopis\.(?<name>\w+)/")]
    private static partial Regex Reference();

    [GeneratedRegex(@"`(?<name>[\w/]+)`")]
    private static partial Regex Room();

    [GeneratedRegex("^(obj|bin)(/|$)")]
    private static partial Regex Built();
}

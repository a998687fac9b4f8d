using System.Text.RegularExpressions;

namespace Kopis.Base.Tests;

/// <summary>docs/man: a page for every program, and no reference that leads nowhere.</summary>
public sealed partial class ManualPageTests
{
    /// <summary>Pages of the host's own programs that ours refer to.</summary>
    private static readonly string[] Foreign =
    [
        "Mail.1", "elm.1", "flock.2", "inetd.8", "passwd.5", "pine.1", "shadow.5", "syslog.3",
        "usermod.8",
    ];

    private static readonly string Root = TidyTests.FindRoot();
    private static readonly string[] Pages =
        [.. Directory.GetFiles(Path.Combine(Root, "docs/man")).Order(StringComparer.Ordinal)];

    private static readonly HashSet<string> Names =
        [.. Pages.Select(page => Path.GetFileName(page))];

    [Fact]
    public void Every_program_has_a_page()
    {
        string[] programs = [.. Row()
            .Matches(File.ReadAllText(Path.Combine(Root, "src/Kopis/ProgramTable.cs")))
            .Select(row => row.Groups["name"].Value)];
        Assert.True(programs.Length > 80, $"{programs.Length} programs");
        Assert.Contains("who@", programs);
        HashSet<string> pages = [.. Names.Select(name => Path.GetFileNameWithoutExtension(name))];
        Assert.DoesNotContain(
            programs, name => !pages.Contains(name) && !pages.Contains($"kopis-{name}"));
    }

    /// <summary>SEE ALSO and the text refer to pages in the same way.</summary>
    [Fact]
    public void Every_page_that_is_referred_to_is_there()
    {
        IEnumerable<string> missing =
            from page in Pages
            from reference in References(page)
            where !Names.Contains(reference) && !Foreign.Contains(reference)
            select $"{Path.GetFileName(page)}: {reference}";
        Assert.Empty(missing);
    }

    [Fact]
    public void A_page_is_titled_as_its_file()
    {
        foreach (string page in Pages)
        {
            string text = File.ReadAllText(page);
            Match title = Title().Match(text);
            string wanted = Path.GetFileName(page);
            Assert.True(
                text.StartsWith(".so ", StringComparison.Ordinal)
                    || string.Equals(
                        wanted, $"{title.Groups["name"].Value}.{title.Groups["section"].Value}",
                        StringComparison.OrdinalIgnoreCase),
                wanted);
        }
    }

    /// <summary>A reader who knows no name finds each page there, by its task.</summary>
    [Fact]
    public void The_overview_lists_every_page()
    {
        HashSet<string> listed = [.. References(Path.Combine(Root, "docs/man/qmail.7"))];
        Assert.DoesNotContain(Names, name => name != "qmail.7" && !listed.Contains(name));
    }

    private static IEnumerable<string> References(string page) => Reference()
        .Matches(File.ReadAllText(page))
        .Select(match => $"{match.Groups["name"].Value}.{match.Groups["section"].Value}");

    [GeneratedRegex("new\\(\"(?<name>[a-z0-9@-]+)\"")]
    private static partial Regex Row();

    [GeneratedRegex(@"\bXr (?<name>\S+) (?<section>\d)")]
    private static partial Regex Reference();

    [GeneratedRegex(@"^\.Dt (?<name>\S+) (?<section>\d)$", RegexOptions.Multiline)]
    private static partial Regex Title();
}

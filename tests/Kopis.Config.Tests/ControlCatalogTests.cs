using System.Reflection;
using System.Text.RegularExpressions;
using Kopis.Config.Catalog;

namespace Kopis.Config.Tests;

/// <summary>The catalogue of control files, held against the sources that read them and the pages
/// that name them.</summary>
public sealed partial class ControlCatalogTests
{
    private static readonly string Root = FindRoot();

    /// <summary>The rows by class and field, as sources name them.</summary>
    private static readonly Dictionary<string, ControlFile> Rows = typeof(ControlCatalog).Assembly
        .GetTypes()
        .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
        .Where(field => field.FieldType.IsSubclassOf(typeof(ControlFile)))
        .ToDictionary(
            field => $"{field.DeclaringType!.Name}.{field.Name}",
            field => (ControlFile)field.GetValue(null)!);

    private static readonly string[] Sources = [.. Directory
        .GetFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories)
        .Where(path => !path.Contains("/Catalog/", StringComparison.Ordinal))
        .Select(File.ReadAllText)];

    /// <summary>Of users/, most is read by tables and sockets that name it in their own way.
    /// </summary>
    private static readonly Dictionary<string, string> ReadByName = new()
    {
        ["users/aliases"] = "\"aliases\"", ["users/aliases.cdb"] = "Name + \".cdb\"",
        ["users/virtual"] = "\"virtual\"", ["users/virtual.cdb"] = "Name + \".cdb\"",
        ["users/apop"] = "\"apop\"", ["users/append"] = "\"users/append\"",
        ["users/assign"] = "\"users/assign\"", ["users/cdb"] = "\"users\", \"cdb\"",
        ["users/mail"] = "\"users\", \"mail\"", ["users/lookup"] = "\"users\", \"lookup\"",
        ["users/readers"] = "\"users\", \"readers\"",
        ["users/passwd"] = "\"users\", \"passwd\"",
        ["control/tcprules.dat"] = "control/tcprules.dat",
    };

    [Fact]
    public void Every_row_of_every_class_is_in_the_catalogue()
    {
        Assert.True(Rows.Count > 100, $"{Rows.Count}");
        Assert.Equal(
            Rows.Values.Select(file => file.ToString()).Order(StringComparer.Ordinal),
            ControlCatalog.All.Select(file => file.ToString()));
        Assert.Equal(
            Rows.Count, ControlCatalog.All.Select(file => file.ToString()).Distinct().Count());
    }

    /// <summary>A reader without a row does not compile; this is the other way.</summary>
    [Fact]
    public void Every_row_is_read() => Assert.Equal([], Rows.Where(row =>
        !Sources.Any(source =>
            Regex.IsMatch(source, $@"\b{Regex.Escape(row.Key)}\b")
            || (ReadByName.TryGetValue($"{row.Value}", out string? name)
                && source.Contains(name, StringComparison.Ordinal))))
        .Select(row => row.Key));

    [Fact]
    public void Every_path_in_the_sources_has_a_row()
    {
        string[] named = [.. Sources.SelectMany(source => Literal().Matches(source))
            .Select(match => match.Groups["path"].Value).Distinct()];
        Assert.Contains("control/acme", named);
        Assert.Equal([], named.Where(path =>
            !path.EndsWith(".tmp", StringComparison.Ordinal)
            && !path.EndsWith(".lock", StringComparison.Ordinal)
            && ControlCatalog.Find(path) is null));
    }

    [Fact]
    public void Every_default_is_within_its_range() => Assert.All(
        Rows.Values.OfType<ControlNumber>(), file =>
        {
            Assert.True(file.Value is not null || file.Instead.Length > 0, file.Name);
            Assert.InRange(file.Value ?? file.Least, file.Least, file.Most);
        });

    [Fact]
    public void A_default_of_another_file_is_never_read_as_a_number() => Assert.Equal(
        [], Rows.Where(row => row.Value is ControlNumber { Value: null }
            && Sources.Any(source => Regex.IsMatch(
                source, $@"Read(Int|Long|Seconds)\(\s*{Regex.Escape(row.Key)}\)")
                && !source.Contains($"TryReadLong({row.Key})", StringComparison.Ordinal)))
            .Select(row => row.Key));

    [Fact]
    public void Every_text_is_of_sentences() => Assert.All(Rows.Values, file =>
    {
        Assert.Matches(@"^[A-Z0-9].*\.$", file.Text);
        Assert.Matches(@"^[A-Z0-9].{10,120}\.$", file.Summary);
        Assert.DoesNotContain("  ", file.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(";.", file.Text, StringComparison.Ordinal);
        bool hasValue = file is ControlNumber or ControlLine or ControlList;
        Assert.Equal(
            hasValue && file.Folder == "control",
            file.Says.Contains("{}", StringComparison.Ordinal));
    });

    /// <summary>Files of a list that is watched change what runs; the rows must say so, and rows
    /// that say so must be in one.</summary>
    [Fact]
    public void What_is_read_again_is_watched()
    {
        HashSet<string> watched = [.. Sources
            .SelectMany(source => WatchedList().Matches(source))
            .SelectMany(list => RowName().Matches(list.Value))
            .Select(name => name.Value)];
        Assert.Contains("SmtpFiles.RcptHosts", watched);
        Assert.Equal([], Rows
            .Where(row => watched.Contains(row.Key) && row.Value.Reread == Reread.Start)
            .Select(row => row.Key));

        // These are looked at in another way.
        watched.UnionWith(
        [
            "ListenerFiles.TcpRulesDat", "ListenerFiles.ServerCert", "ListenerFiles.ServerCerts",
        ]);
        Assert.Equal([], Rows
            .Where(row => row.Value.Reread is Reread.Connection or Reread.Message or Reread.Hangup
                && !watched.Contains(row.Key))
            .Select(row => row.Key));
    }

    [Fact]
    public void The_page_in_the_tree_is_the_catalogue()
    {
        string page = File.ReadAllText(Path.Combine(Root, "docs/man/qmail-control.5"));
        Assert.True(
            ControlManual.Page() == page,
            "run: kopis config manual >docs/man/qmail-control.5");
        Assert.All(Rows.Values, file => Assert.Matches(
            new Regex($@"(?m)^\.It Pa {Regex.Escape(file.Name)}( Pq Kopis)?$"), page));
        Assert.All(page.Split('\n'), line => Assert.InRange(line.Length, 0, 110));
    }

    [Fact]
    public void Every_page_names_files_that_are()
    {
        string[] named = [.. Pages()
            .SelectMany(page => page.Split('\n'))
            .Where(line => !line.Contains("did you mean", StringComparison.Ordinal))
            .SelectMany(line => Literal().Matches(line).Select(match => match.Groups["path"].Value))
            .Where(path => !path.EndsWith(".lock", StringComparison.Ordinal)
                && !path.EndsWith(".tmp", StringComparison.Ordinal))
            .Distinct()];
        Assert.True(named.Length > 30, $"{named.Length}");
        Assert.Equal([], named.Where(path => ControlCatalog.Find(path) is null));
    }

    [Fact]
    public void Every_reader_has_a_page() => Assert.All(
        Rows.Values.SelectMany(file => file.Readers.Split(' ')).Distinct(),
        reader => Assert.True(
            File.Exists(Path.Combine(
                Root, "docs/man", reader.Replace('(', '.').TrimEnd(')'))), reader));

    [Theory]
    [InlineData("concurencylocal", "concurrencylocal")]
    [InlineData("local", "locals")]
    [InlineData("rcpthosts~", "rcpthosts")]
    [InlineData("rcpthosts.bak", "rcpthosts")]
    [InlineData("virtualdomain", "virtualdomains")]
    [InlineData("SMTPRoutes", "smtproutes")]
    [InlineData(".me.swp", "me")]
    [InlineData("tcprule.txt", "tcprules.txt")]
    [InlineData("spamassassin", null)]
    [InlineData("ab", null)]
    [InlineData("", null)]
    public void The_nearest_name_is_what_was_meant(string name, string? meant) =>
        Assert.Equal(meant, ControlCatalog.Nearest(name)?.Name);

    [Theory]
    [InlineData("me", "control/me")]
    [InlineData("control/me", "control/me")]
    [InlineData("assign", "users/assign")]
    [InlineData("users/assign", "users/assign")]
    [InlineData("users/me", null)]
    [InlineData("nothing", null)]
    public void A_row_is_found_by_its_name(string name, string? found) =>
        Assert.Equal(found, ControlCatalog.Find(name)?.ToString());

    private static IEnumerable<string> Pages() => Directory
        .GetFiles(Path.Combine(Root, "docs/man"))
        .Select(File.ReadAllText);

    private static string FindRoot()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "Kopis.slnx")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return directory ?? throw new DirectoryNotFoundException("No Kopis.slnx above the tests.");
    }

    // With a letter before it it is the end of another path.
    [GeneratedRegex(@"(?<![\w.~/-])(?<path>(?:control|users)/[a-z0-9](?:[a-z0-9.]*[a-z0-9])?)")]
    private static partial Regex Literal();

    [GeneratedRegex(@"(?:ControlFile(?:\[\]|>) \w+(?: \{ get; \})? =|Watched\()\s*\[[^\]]*\]")]
    private static partial Regex WatchedList();

    [GeneratedRegex(@"\b\w+Files\.\w+")]
    private static partial Regex RowName();
}

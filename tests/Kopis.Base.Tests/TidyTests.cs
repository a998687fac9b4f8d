using System.Text.RegularExpressions;

namespace Kopis.Base.Tests;

/// <summary>The shape of the tree, held: sizes, one type a file, what root runs.</summary>
public sealed partial class TidyTests
{
    private const int ColumnsMax = 100;
    private const int FileLinesMax = 500;
    private const int FunctionLinesMax = 70;

    /// <summary>What runs as root on an installed host, but for what it shares with others
    /// (docs/decisions/size.md).</summary>
    internal static readonly string[] RootsFiles =
    [
        // qmail-start.
        "Kopis.Host/Run/QmailStartProgram.cs", "Kopis.Host/Run/Supervisor.cs",
        "Kopis.Host/Run/SupervisorSignals.cs", "Kopis.Host/Run/Backoff.cs",
        "Kopis.Host/Run/Unit.cs", "Kopis.Host/Run/HomeClaim.cs",
        "Kopis.Host/Run/HostPlan.cs", "Kopis.Users/Lookup/LookupSocket.cs",

        // Root's half of qmail-lspawn.
        "Kopis.Local/Spawn/QmailLspawnProgram.cs", "Kopis.Local/Spawn/SpawnLoop.cs",
        "Kopis.Local/Spawn/WarmLocals.cs", "Kopis.Local/Spawn/RootReply.cs",
        "Kopis.Users/Recipients/RecipientLookup.cs",
        "Kopis.Users/Recipients/PasswdFile.cs",

        // qmail-popspawn.
        "Kopis.Local/Spawn/QmailPopspawnProgram.cs", "Kopis.Local/Spawn/ReaderLoop.cs",
        "Kopis.Users/Recipients/RootRecords.cs",

        // The bind in tcpserver, and checkpassword by hand; whether a password is right is
        // qmail-lookup's code.
        "Kopis.Net/Listener/TcpServer.cs", "Kopis.Host/Run/Pop3Root.cs",
        "Kopis.Server/Pop3/Checkpassword.cs",
    ];

    private const int RootsLinesMax = 600;

    private static readonly string[] AtSearchers =
    [
        "Kopis.Base/Address.cs", "Kopis.Base/TextAddress.cs",

        // Grammar: tokens, of which a quoted @ is none, and a list in a word.
        "Kopis.Mail/Addresses/AddressArgument.cs", "Kopis.Mail/Addresses/AddressListReader.cs",
        "Kopis.Mail/Addresses/ForwardLine.cs",

        // No addresses: NAME@INSTANCE.service, and where to look in a line of the journal.
        "Kopis.Host/Upgrade/RunningUnits.cs", "Kopis.Tools/Journal/JournalLines.cs",
    ];

    private static readonly string Root = FindRoot();
    private static readonly string[] Sources = Find("src", "*.cs");

    [Fact]
    public void There_is_something_to_look_at() => Assert.True(Sources.Length > 100);

    [Fact]
    public void No_line_is_over_100_columns() => Check(
        Sources.Concat(Find("tests", "*.cs")),
        lines => lines.Where(line => line.Length > ColumnsMax));

    [Fact]
    public void No_file_is_over_500_lines() => Check(
        Sources, lines => lines.Length > FileLinesMax ? [$"{lines.Length} lines"] : []);

    [Fact]
    public void No_function_is_over_70_lines() => Check(Sources, LongFunctions);

    [Fact]
    public void A_file_has_one_public_type_and_its_name()
    {
        foreach (string path in Sources)
        {
            string[] types = [.. File.ReadLines(path)
                .Select(line => PublicType().Match(line))
                .Where(match => match.Success)
                .Select(match => match.Groups["name"].Value)];
            Assert.True(types.Length <= 1, $"{path}: {string.Join(", ", types)}");
            Assert.True(
                types.Length == 0 || types[0] == Path.GetFileNameWithoutExtension(path), path);
        }
    }

    [Fact]
    public void A_namespace_is_a_folder()
    {
        foreach (string path in Sources.Concat(Find("tests", "*.cs")))
        {
            string folder = Path.GetRelativePath(Root, Path.GetDirectoryName(path)!);
            string wanted = folder[(folder.IndexOf('/') + 1)..].Replace('/', '.');
            string? line = File.ReadLines(path).FirstOrDefault(
                line => line.StartsWith("namespace ", StringComparison.Ordinal));
            Assert.True(line is null || line == $"namespace {wanted};", $"{path}: {line}");
        }
    }

    [Fact]
    public void There_are_no_regions_and_no_state_that_all_share() => Check(
        Sources, lines => lines.Where(line => line.Contains("#region", StringComparison.Ordinal)
            || MutableStatic().IsMatch(line)));

    /// <summary>They wait for FIFOs and leases, and read without end: Kopis.Posix.BoundedFile does
    /// not. What the kernel writes in /proc is nobody's to change.</summary>
    [Fact]
    public void Files_are_read_by_what_waits_for_nobody() => Check(
        Sources, lines => lines.Where(line => WaitingRead().IsMatch(line)
            && !line.Contains("\"/proc/", StringComparison.Ordinal)));

    /// <summary>Where an address divides, and what a word without an <c>@</c> means, is decided by
    /// Kopis.Base.Address alone.</summary>
    [Fact]
    public void Nothing_else_looks_for_the_at_of_an_address()
    {
        string[] found = [.. Sources
            .Where(path => AtSearch().IsMatch(File.ReadAllText(path)))
            .Select(path => Path.GetRelativePath(Path.Combine(Root, "src"), path))
            .Order(StringComparer.Ordinal)];
        Assert.Equal(AtSearchers.Order(StringComparer.Ordinal), found);
    }

    [Theory]
    [InlineData("int at = address.LastIndexOf((byte)'@');")]
    [InlineData("int at = Array.LastIndexOf(address, (byte)'@');")]
    [InlineData("int at = address.AsSpan(0, end).LastIndexOf(\"@\"u8);")]
    [InlineData("string domain = address.Split('@')[^1];")]
    [InlineData("int at = text.IndexOf(\n    '@', StringComparison.Ordinal);")]
    [InlineData("while (at >= 0 && address[at] != (byte)'@')")]
    [InlineData("int at = tokens.FindLastIndex(token => token.Is('@'));")]
    public void A_search_for_it_is_known_by(string code) => Assert.Matches(AtSearch(), code);

    [Fact]
    public void Nothing_is_left_for_later() => Check(
        Sources, lines => lines.Where(line => Unfinished().IsMatch(line)));

    /// <summary>Else an administrator who looks for warnings in systemd's journal misses it
    /// (Kopis.Posix.LogPriority).</summary>
    [Fact]
    public void What_fails_is_logged_with_a_priority() => Assert.Empty(Sources.SelectMany(path =>
        Unmarked().Matches(File.ReadAllText(path)).Select(line => $"{path}: {line.Value}")));

    [Fact]
    public void What_root_runs_is_small()
    {
        int lines = RootsFiles.Sum(file =>
            File.ReadLines(Path.Combine(Root, "src", file)).Count(IsCode));
        Assert.InRange(lines, 1, RootsLinesMax);
    }

    /// <summary>Neither empty, nor a comment, a brace, or an import.</summary>
    private static bool IsCode(string line)
    {
        string text = line.Trim();
        return text is not ("" or "{" or "}" or "};" or "});" or ")")
            && !text.StartsWith("//", StringComparison.Ordinal)
            && !text.StartsWith("using ", StringComparison.Ordinal)
            && !text.StartsWith("namespace ", StringComparison.Ordinal);
    }

    /// <summary>docs/contract is what comments cite as "contract §7.2".</summary>
    [Fact]
    public void Every_section_of_the_contract_that_is_cited_is_there()
    {
        HashSet<string> sections = [.. Directory
            .EnumerateFiles(Path.Combine(Root, "docs/contract"), "*.md")
            .SelectMany(File.ReadLines)
            .Select(line => Heading().Match(line).Groups["number"].Value)];
        Check(
            Sources.Concat(Find("tests", "*.cs")),
            lines => lines
                .SelectMany(line => Citation().Matches(line))
                .Select(match => match.Groups["number"].Value)
                .Where(number => !sections.Contains(number)));
    }

    /// <summary>The pages at the root, and all of docs and bench.</summary>
    [Fact]
    public void Every_link_of_a_page_leads_to_a_file()
    {
        string[] pages =
        [
            .. Directory.EnumerateFiles(Root, "*.md"),
            .. Find("docs", "*.md"), .. Find("bench", "*.md"),
        ];
        Assert.True(pages.Length > 20);
        Assert.All(pages, page =>
        {
            string text = CodeBlock().Replace(File.ReadAllText(page), "");
            foreach (Match link in PageLink().Matches(text))
            {
                string path = Path.Combine(
                    Path.GetDirectoryName(page)!, link.Groups["path"].Value);
                Assert.True(Path.Exists(path), $"{Path.GetRelativePath(Root, page)}: {link}");
            }
        });
    }

    [Fact]
    public void Every_library_is_told_with_its_version()
    {
        string[] rows = File.ReadAllLines(Path.Combine(Root, "docs/decisions/libraries.md"));
        string props = File.ReadAllText(Path.Combine(Root, "Directory.Packages.props"));
        MatchCollection packages = Package().Matches(props);
        Assert.NotEmpty(packages);
        foreach (Match package in packages)
        {
            string name = package.Groups["name"].Value;
            string wanted = $"{name} | {package.Groups["version"].Value} |";
            Assert.True(
                rows.Any(row => row.Contains(wanted, StringComparison.Ordinal)),
                $"docs/decisions/libraries.md has no row \"{wanted}\"");
        }
    }

    private static IEnumerable<string> LongFunctions(string[] lines)
    {
        int start = -1;
        for (int i = 1; i < lines.Length; i++)
        {
            // A body of a type's member opens and closes with a brace at four columns.
            if (lines[i] == "    {" && !TypeOrProperty().IsMatch(lines[i - 1]))
            {
                start = i;
            }
            else if (lines[i] == "    }" && start >= 0)
            {
                if (i - start - 1 > FunctionLinesMax)
                {
                    yield return $"{lines[start - 1].Trim()}: {i - start - 1} lines";
                }

                start = -1;
            }
        }
    }

    private static void Check(
        IEnumerable<string> paths, Func<string[], IEnumerable<string>> faults) =>
        Assert.Empty(paths.SelectMany(path =>
            faults(File.ReadAllLines(path)).Select(fault => $"{path}: {fault}")));

    private static string[] Find(string folder, string pattern) =>
        Directory.GetFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories);

    internal static string FindRoot()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "Kopis.slnx")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return directory ?? throw new DirectoryNotFoundException("No Kopis.slnx above the tests.");
    }

    [GeneratedRegex(
        @"\bFile\.(ReadAll|ReadLines|Open|AppendText)|new (FileStream|StreamReader)\((?!$)")]
    private static partial Regex WaitingRead();

    [GeneratedRegex("(?:[lL]og|Write|Say)\\(\\s*(?:\"[^\"]*\",\\s*)?\\$?\""
        + "(?:(?!alert|fatal|warning)[\\w-]+: )?(?:unable|cannot|no room|not sent|no new)\\b.*")]
    private static partial Regex Unmarked();

    [GeneratedRegex(@"^public (?:(?:static|sealed|abstract|readonly|partial|ref) )*"
        + @"(?:class|struct|enum|interface|record struct|record) (?<name>\w+)")]
    private static partial Regex PublicType();

    [GeneratedRegex(@"^\s+(?:public|internal|private|protected) static (?!readonly|partial|extern"
        + @"|class|unsafe partial|async|event)[\w<>\[\],.?() ]+? _?\w+(?: = .*)?;$")]
    private static partial Regex MutableStatic();

    [GeneratedRegex(
        @"\b(?:(?:Last)?IndexOf(?:Any)?|Find(?:Last)?Index|Split)\([^;{}]*?['""]@['""]"
        + @"|\[[a-z]\w*[^\];]*\] (?:==|!=|is|is not) (?:\(byte\))?'@'")]
    private static partial Regex AtSearch();

    [GeneratedRegex(@"\b(?:TODO|FIXME|HACK|XXX|NotImplementedException)\b")]
    private static partial Regex Unfinished();

    [GeneratedRegex(@"\b(?:class|struct|enum|interface|record)\b")]
    private static partial Regex TypeOrProperty();

    [GeneratedRegex(@"^##? (?<number>\d+(?:\.\d+)?)[. ]")]
    private static partial Regex Heading();

    [GeneratedRegex(@"contract §+(?<number>\d+(?:\.\d+)?)")]
    private static partial Regex Citation();

    [GeneratedRegex("<PackageVersion Include=\"(?<name>[^\"]+)\" Version=\"(?<version>[^\"]+)\"")]
    private static partial Regex Package();

    [GeneratedRegex("^```.*?^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"\]\((?!\w+:)(?<path>[^)#\s]+)(?:#[^)\s]*)?\)")]
    private static partial Regex PageLink();
}

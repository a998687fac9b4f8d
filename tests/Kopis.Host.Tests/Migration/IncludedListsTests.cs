using Kopis.Host.Migration;

namespace Kopis.Host.Tests.Migration;

public sealed class IncludedListsTests : IDisposable
{
    private const UnixFileMode ForAll = UnixFileMode.UserRead | UnixFileMode.UserWrite
        | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupWrite
        | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherWrite
        | UnixFileMode.OtherExecute;

    private readonly SitePlan _plan = new();
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_list_of_ours_may_name_another()
    {
        Write("outer", $"ann\n:include:{In("inner")}\n:include:{In("outer")}\n");
        Write("inner", "Ben@X.example, eve\n");
        Assert.Equal(["&ann@h.example", "&Ben@X.example", "&eve@h.example"], LinesOf("outer"));
        Assert.Empty(_plan.Losses);
    }

    [Theory]
    [InlineData("d/outer", "d")]
    [InlineData("outer", "outer")]
    [InlineData("link", "")]
    public void One_that_others_can_write_leads_to_no_file(string list, string open)
    {
        Directory.CreateDirectory(In("d"));
        Write("secret", "top-secret\n");
        Write("outer", $"ann\n:include:{In("secret")}\n");
        File.Copy(In("outer"), In("d/outer"));
        File.CreateSymbolicLink(In("link"), "outer");
        if (open.Length > 0)
        {
            File.SetUnixFileMode(In(open), ForAll);
        }

        Assert.Equal(["&ann@h.example"], LinesOf(list));
        Assert.StartsWith($"{In(list)}:2: this line: ", Assert.Single(_plan.Losses));
        Assert.DoesNotContain("secret", _plan.Losses[0]);
    }

    [Fact]
    public void Only_addresses_are_taken_and_no_other_line_is_shown()
    {
        Write("outer", "root:$y$j9T$salt$hash:1::\nann\n|secret\n/secret\n\\secret\n\"secret\n"
            + "a secret;word\n");
        Assert.Equal(["&ann@h.example", "&a@h.example"], LinesOf("outer"));
        Assert.Equal(
            [1, 3, 4, 5, 6, 7],
            _plan.Losses.Select(loss => int.Parse(loss.Split(':')[1])));
        Assert.All(_plan.Losses, loss =>
        {
            Assert.DoesNotContain("secret", loss);
            Assert.DoesNotContain("$y$", loss);
        });
    }

    [Fact]
    public void Lists_that_name_each_other_are_read_once_each()
    {
        const int lists = 12;
        for (int i = 0; i < lists; i++)
        {
            Write($"l{i}", $"a{i}\n" + string.Concat(
                Enumerable.Range(0, lists).Select(other => $":include:{In($"l{other}")}\n")));
        }

        Assert.Equal(lists, LinesOf("l0").Count);
    }

    [Fact]
    public void An_alias_has_so_many_lists_and_no_more()
    {
        for (int i = 0; i < 200; i++)
        {
            Write($"l{i}", $"a{i}\n:include:{In($"l{i + 1}")}\n");
        }

        Assert.Equal(100, LinesOf("l0").Count);
        Assert.EndsWith("more than 100 lists", Assert.Single(_plan.Losses));
    }

    [Fact]
    public void An_alias_has_so_many_members_and_no_more()
    {
        Write("outer", string.Concat(Enumerable.Repeat("a\n", 100_001)));
        Assert.Equal(100_000, LinesOf("outer").Count);
        Assert.EndsWith("more than 100000 addresses", Assert.Single(_plan.Losses));
    }

    private List<string> LinesOf(string list)
    {
        HostView host = new("h.example", _ => false, _ => false);
        LocalAliases aliases = new(_plan, host, ["h.example"], "h.example");
        aliases.Note(new AliasEntry("l", [$":include:{In(list)}"], new ForeignLine("f", 1, "")));
        aliases.Plan();
        return _plan.Instructions["l"];
    }

    private void Write(string name, string text) => File.WriteAllText(In(name), text);

    private string In(string name) => Path.Combine(_directory, name);
}

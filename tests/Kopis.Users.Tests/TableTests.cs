using System.Text;
using Kopis.Base;
using Kopis.Users.Virtual;

namespace Kopis.Users.Tests;

public sealed class TableTests : IDisposable
{
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("kopis-table");

    public TableTests() => _home.CreateSubdirectory("users");

    private string Text => VirtualAliases.FileName(_home.FullName);

    private string Index => Text + ".cdb";

    public void Dispose() => _home.Delete(recursive: true);

    [Fact]
    public void Every_key_is_found_in_the_index_and_no_other()
    {
        const int count = 3000;
        File.WriteAllText(Text, string.Concat(
            Enumerable.Range(0, count).Select(i => $"a{i}@x.example:t{i}@y.example\n")));
        Save();
        using CdbFile index = CdbFile.TryOpen(Index)!;
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(
                $"t{i}@y.example",
                ByteText.ToText(index.Find(Encoding.ASCII.GetBytes($"a{i}@x.example"))!));
            Assert.Null(index.Find(Encoding.ASCII.GetBytes($"b{i}@x.example")));
        }
    }

    [Fact]
    public void A_record_longer_than_a_read_is_whole()
    {
        string[] targets = [.. Enumerable.Range(0, VirtualAliases.TargetsMax)
            .Select(i => $"{new string('t', 40)}{i}@y.example")];
        Set("all@x.example", targets);
        Assert.Equal(targets, new VirtualAliases(_home.FullName).Find("ALL@x.example"u8));
    }

    [Fact]
    public void The_index_is_used_only_with_the_text_that_it_was_made_of()
    {
        Set("a@x.example", "old@y.example");
        VirtualAliases aliases = new(_home.FullName);
        Assert.Equal(["old@y.example"], aliases.Find("a@x.example"u8));
        File.WriteAllText(Text, "a@x.example:new@y.example,other@y.example\n"); // By hand.
        Assert.Equal(["new@y.example", "other@y.example"], aliases.Find("a@x.example"u8));
        Assert.Equal(2, new VirtualAliases(_home.FullName).Find("a@x.example"u8).Length);
        Save();
        Assert.Equal(2, aliases.Find("a@x.example"u8).Length);
        File.Delete(Text);
        Assert.Empty(aliases.Find("a@x.example"u8));
    }

    // What a crash between the two renames leaves: the index of the text that did not come.
    /// <summary>Before, CR was part of each target.</summary>
    [Fact]
    public void Lines_may_end_in_crlf()
    {
        File.WriteAllText(Text, "# by hand\r\n\r\na@x.example:b@y.example\r\n");
        Assert.Equal(["b@y.example"], new VirtualAliases(_home.FullName).Find("a@x.example"u8));
        Save();
        Assert.Equal(["b@y.example"], new VirtualAliases(_home.FullName).Find("a@x.example"u8));
    }

    [Fact]
    public void An_index_without_its_text_is_not_believed()
    {
        Set("a@x.example", "old@y.example");
        byte[] old = File.ReadAllBytes(Text);
        Set("a@x.example", "new@y.example");
        File.Delete(Text);
        File.WriteAllBytes(Text, old);
        Assert.Equal(
            ["old@y.example"], new VirtualAliases(_home.FullName).Find("a@x.example"u8));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2047)]
    [InlineData(2048)]
    [InlineData(-1)]
    [InlineData(-9)]
    public void A_damaged_index_costs_time_only(int length)
    {
        Set("a@x.example", "b@y.example");
        byte[] index = File.ReadAllBytes(Index);
        File.WriteAllBytes(Index, index[..(length < 0 ? index.Length + length : length)]);
        Assert.Equal(["b@y.example"], new VirtualAliases(_home.FullName).Find("a@x.example"u8));
        Set("c@x.example", "d@y.example");
        Assert.Equal(["b@y.example"], new VirtualAliases(_home.FullName).Find("a@x.example"u8));
    }

    /// <summary>Before, mail was put off, and no line said why.</summary>
    [Fact]
    public void A_text_that_cannot_be_read_is_an_alert_and_not_for_each_question()
    {
        List<string> said = [];
        VirtualAliases aliases = new(_home.FullName, said.Add);
        Directory.CreateDirectory(Text);
        for (int i = 0; i < 100; i++)
        {
            Assert.Throws<ConfigurationException>(() => aliases.Find("a@x.example"u8));
        }

        Assert.Equal(LogThrottle.LinesMax, said.Count);
        Assert.All(
            said, line => Assert.StartsWith($"alert: {Text}: ", line, StringComparison.Ordinal));
    }

    [Fact]
    public void A_wrong_line_is_a_warning()
    {
        List<string> said = [];
        VirtualAliases aliases = new(_home.FullName, said.Add);
        File.WriteAllText(Text, "a@x.example:b@y.example\nnonsense\n");
        Assert.Equal(["b@y.example"], aliases.Find("a@x.example"u8));
        Assert.StartsWith(
            $"warning: {Text}: line 2 ", Assert.Single(said), StringComparison.Ordinal);
    }

    [Fact]
    public void The_index_shows_no_hash_to_others()
    {
        using (VirtualUsersFile users = new(_home.FullName))
        {
            users.Add("joe@x.example", "!");
        }

        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(VirtualUsers.FileName(_home.FullName) + ".cdb"));
    }

    [Fact]
    public void Lines_are_found_by_their_whole_key()
    {
        File.WriteAllText(
            Text, "# a@x.example:z@y\nba@x.example:1@y.example\na@x.example:2@y.example");
        using (VirtualAliasesFile file = new(_home.FullName))
        {
            Assert.True(file.Has("a@x.example"));
            file.Set("a@x.example", ["3@y.example"]);
            file.Set("@x.example", ["4@y.example"]);
            Assert.True(file.Remove("ba@x.example"));
            Assert.False(file.Remove("ba@x.example"));
            file.Save();
        }

        Assert.Equal(
            "# a@x.example:z@y\na@x.example:3@y.example\n@x.example:4@y.example\n",
            File.ReadAllText(Text));
        VirtualAliases aliases = new(_home.FullName);
        Assert.Equal(["4@y.example"], aliases.FindCatchAll("X.example"u8));
        Assert.Equal(2, aliases.List().Count);
    }

    [Theory]
    [InlineData("a@x.example", "line 2 is not address:target,target", true)]
    [InlineData("a@x.example:", "line 2 is not", true)]
    [InlineData("a@x.example:b@y.example,", "line 2 is not", true)]
    [InlineData("a@x.example:bad@@,", "line 2 is not", true)]
    [InlineData("a@x.example:|rm", "line 2 is not", true)]
    [InlineData("a@x.example:b@y.example,b@y.example", "line 2 is not", true)]
    [InlineData("@:b@y.example", "line 2 is not", false)]
    [InlineData("\n:b@y.example", "line 3 is not", false)]
    [InlineData(" a@x.example:b@y.example", "line 2 is not", true)]
    [InlineData("A@x.example :b@y.example", "line 2 is not", true)]
    [InlineData("a@x.example:b@y.example\na@x.example:bad", "line 3 is not", false)]
    [InlineData("a@x.example:bad\na@x.example:b@y.example", "line 2 is not", false)]
    [InlineData("no colon, no address", "line 2 is not", false)]
    [InlineData(
        "a@x.example:b@y.example\na@x.example:c@y.example", "line 3: a@x.example is listed", false)]
    public void A_wrong_line_harms_its_own_entry_alone(string lines, string reason, bool harms)
    {
        File.WriteAllText(Text, $"c@x.example:d@y.example\n{lines}\n@z.example:e@y.example\n");
        foreach (bool isIndexed in (bool[])[false, true])
        {
            List<string> said = [];
            VirtualAliases aliases = new(_home.FullName, said.Add);
            for (int i = 0; i < 3; i++)
            {
                Assert.Equal(["d@y.example"], aliases.Find("c@x.example"u8));
                Assert.Equal(["e@y.example"], aliases.FindCatchAll("z.example"u8));
                if (harms)
                {
                    Assert.Throws<ConfigurationException>(() => aliases.Find("a@x.example"u8));
                }
                else
                {
                    Assert.Equal(
                        lines.Contains("a@x.example:b@y", StringComparison.Ordinal)
                            ? ["b@y.example"] : [],
                        aliases.Find("a@x.example"u8));
                }
            }

            Assert.StartsWith(
                $"warning: {Text}: {reason}", Assert.Single(said), StringComparison.Ordinal);
            Assert.Equal(aliases.Faults().Select(fault => $"warning: {fault}"), said);
            if (!isIndexed)
            {
                Save(); // Goes on, and leaves the line.
                Assert.Contains(lines, File.ReadAllText(Text), StringComparison.Ordinal);
            }
        }

        Set("a@x.example", "new@y.example");
        Assert.Equal(
            ["new@y.example"], new VirtualAliases(_home.FullName).Find("a@x.example"u8));
    }

    [Fact]
    public void Many_wrong_lines_are_few_words()
    {
        File.WriteAllText(Text, string.Concat(Enumerable.Repeat("wrong\n", 1000)));
        List<string> said = [];
        VirtualAliases aliases = new(_home.FullName, said.Add);
        Assert.Empty(aliases.Find("a@x.example"u8));
        Assert.Empty(aliases.List());
        Assert.Equal(11, said.Count);
        Assert.EndsWith(": 990 more lines are wrong", said[^1], StringComparison.Ordinal);
    }

    private void Set(string address, params string[] targets)
    {
        using VirtualAliasesFile file = new(_home.FullName);
        file.Set(address, targets);
        file.Save();
    }

    private void Save()
    {
        using VirtualAliasesFile file = new(_home.FullName);
        file.Save();
    }
}

using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;

namespace Kopis.Config.Tests;

public sealed class PatternListTests : IDisposable
{
    private const string Lines = """
        # senders
        bad@spam.example
        @evil.example
        *@*.bulk.example
        @x?.example
        [0-9][0-9]*@free.example
        odd*name@plain.example
        *@listed.example
        !good@listed.example
        !@kept.bulk.example

        """;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("kopis-control");
    private readonly List<string> _warnings = [];

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("bad@spam.example", "bad@spam.example")]
    [InlineData("BAD@Spam.Example", "BAD@Spam.Example")]
    [InlineData("any@evil.example", "@evil.example")]
    [InlineData("any@x.evil.example", null)]
    [InlineData("a@b.bulk.example", "*@*.bulk.example")]
    [InlineData("a@bulk.example", null)]
    [InlineData("a@kept.bulk.example", null)]
    [InlineData("a@x1.example", "@x?.example")]
    [InlineData("a@x12.example", null)]
    [InlineData("12@free.example", "[0-9][0-9]*@free.example")]
    [InlineData("1@free.example", null)]
    [InlineData("odd*name@plain.example", "odd*name@plain.example")]
    [InlineData("a@listed.example", "*@listed.example")]
    [InlineData("Good@Listed.example", null)]
    [InlineData("", null)]
    public void Plain_lines_patterns_and_exceptions(string text, string? line)
    {
        PatternList list = Load(Lines);
        byte[]? found = list.Find(Encoding.Latin1.GetBytes(text));
        Assert.Equal(line, found is null ? null : Encoding.Latin1.GetString(found));
        Assert.Empty(_warnings);
    }

    [Theory]
    [InlineData("^bad@.example$")]
    [InlineData(".*@evil\\.example")]
    [InlineData("a[b@evil.example")]
    [InlineData("[]")]
    public void A_line_that_cannot_mean_what_it_says_is_reported(string line)
    {
        PatternList list = Load($"{line}\n@evil.example\n");
        Assert.NotNull(list.Find("a@evil.example"u8));
        Assert.Contains("regular expressions are not understood", Assert.Single(_warnings),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_empty_sender_is_never_refused() => Assert.Null(Load("*\n").Find(""u8));

    /// <summary>The same as a regular expression that is made of the pattern.</summary>
    [Fact]
    public void Patterns_are_those_of_a_shell() =>
        Gen.Select(
            OneOf("a", "b", "*", "?", "[ab]", "[!a]", "[a-c]", "@", ".").Array[0, 8],
            OneOf("a", "b", "c", "d", "@", ".").Array[0, 10])
            .Sample((parts, letters) =>
            {
                string pattern = string.Concat(parts);
                string text = string.Concat(letters);
                string expression = string.Concat(parts.Select(part => part switch
                {
                    "*" => ".*",
                    "?" => ".",
                    "[!a]" => "[^a]",
                    ['[', ..] => part,
                    _ => Regex.Escape(part),
                }));
                return BytePattern.TryParse(Encoding.Latin1.GetBytes(pattern))!
                    .Matches(Encoding.Latin1.GetBytes(text))
                    == Regex.IsMatch(text, $"^(?:{expression})$", RegexOptions.Singleline);
            });

    [Fact]
    public void A_pattern_of_many_stars_is_soon_done()
    {
        byte[] pattern = Encoding.Latin1.GetBytes(
            string.Concat(Enumerable.Repeat("*a", BytePattern.BytesMax / 2 - 1)) + "*b");
        byte[] text = Encoding.Latin1.GetBytes(new string('a', 900));
        Assert.False(BytePattern.TryParse(pattern)!.Matches(text));
    }

    private static Gen<string> OneOf(params string[] choices) =>
        Gen.Int[0, choices.Length - 1].Select(index => choices[index]);

    private PatternList Load(string text)
    {
        File.WriteAllText(Path.Combine(_directory.FullName, "badmailfrom"), text);
        return PatternList.Load(
            new ControlDirectory(_directory.FullName, _warnings.Add), SmtpFiles.BadMailFrom);
    }
}

using Kopis.Config.Maps;

namespace Kopis.Config.Tests;

public sealed class HostNamesTests
{
    private static readonly string A63 = new('a', 63);

    [Theory]
    [InlineData("mx.example", true)]
    [InlineData("localhost", true)]
    [InlineData("1.a_b.x-y", true)]
    [InlineData("", false)]
    [InlineData(".", false)]
    [InlineData("a..b", false)]
    [InlineData(".a", false)]
    [InlineData("a.", false)]
    [InlineData("-a.b", false)]
    [InlineData("a-.b", false)]
    [InlineData("a b", false)]
    [InlineData("a\rb", false)]
    [InlineData("a\0b", false)]
    [InlineData("a/b", false)]
    [InlineData("m\u00fcller.example", false)]
    public void Names_that_dns_has(string name, bool isSound) =>
        Assert.Equal(isSound, HostNames.IsSound(name));

    [Fact]
    public void Labels_have_63_characters_and_names_253()
    {
        Assert.True(HostNames.IsSound(A63));
        Assert.False(HostNames.IsSound(A63 + "a"));
        string most = $"{A63}.{A63}.{A63}.{new string('a', 61)}";
        Assert.True(HostNames.IsSound(most));
        Assert.False(HostNames.IsSound(most + "a"));
    }

    [Theory]
    [InlineData("MX.Example", "mx.example")]
    [InlineData("box", "box.localdomain")]
    [InlineData("", "localhost.localdomain")]
    [InlineData("...", "localhost.localdomain")]
    [InlineData("(none)", "none.localdomain")]
    [InlineData("a..b", "a.b")]
    [InlineData("-a-.b c\n", "a.bc")]
    public void The_nearest_sound_name_has_a_dot(string name, string sound) =>
        Assert.Equal(sound, HostNames.Sound(name));

    [Fact]
    public void Whatever_the_kernel_holds_a_sound_name_is_made()
    {
        Random random = new(2026);
        const string letters = "aZ0-._/ \r\n\0\u00e9\u0100";
        for (int i = 0; i < 10_000; i++)
        {
            string name = string.Concat(Enumerable.Range(0, random.Next(301))
                .Select(_ => letters[random.Next(letters.Length)]));
            string sound = HostNames.Sound(name);
            Assert.True(HostNames.IsSound(sound) && sound.Contains('.'), $"{name}: {sound}");
            Assert.Equal(sound, HostNames.Sound(sound));
        }

        Assert.Equal(A63 + ".localdomain", HostNames.Sound(A63 + "a"));
        Assert.True(HostNames.IsSound(HostNames.Sound(
            string.Join('.', Enumerable.Repeat(A63, 5)))));
    }
}

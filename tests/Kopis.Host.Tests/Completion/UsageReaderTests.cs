using Kopis.Host.Completion;

namespace Kopis.Host.Tests.Completion;

/// <summary>What a usage comes to.</summary>
public class UsageReaderTests
{
    private const string Help = """
        usage: kopis queue list [SELECTION] [--json]
               kopis queue hold|release SELECTION [--dry-run] [--json]
               kopis queue new DOMAIN [--only rsa|ed25519]
                               [--text TEXT] [SIZE | none]
               kopis queue --undo
               kopis queued no

        SELECTION is --all, or one or more of: NUMBER..., --sender ADDRESS, --older-than AGE; an
        AGE is a number.

        Nothing of --this is one.

        """;

    [Fact]
    public void Commands_options_values_and_words()
    {
        CommandForm[] forms = [.. UsageReader.Read("queue", Help)];
        Assert.Equal(["", "hold", "list", "new", "release"], forms.Select(form => form.Command));
        Assert.Equal(["--undo"], forms[0].Options.Keys);
        Assert.Equal(
            ["--all", "--dry-run", "--json", "--older-than", "--sender"], forms[1].Options.Keys);
        Assert.Equal(forms[1].Options.Keys, forms[4].Options.Keys);
        Assert.Null(forms[1].Options["--all"]); // It takes no value,
        Assert.Equal([], forms[1].Options["--sender"]!); // this any,
        Assert.Equal(["rsa", "ed25519"], forms[3].Options["--only"]!); // and this one of two.
        Assert.Equal([], forms[3].Options["--text"]!);
        Assert.Equal(["none"], forms[3].Words);
    }

    [Fact]
    public void A_program_without_commands_or_without_words_at_all()
    {
        CommandForm one = Assert.Single(UsageReader.Read(
            "doctor", "usage: kopis doctor [--json | --changes FILE] [--only ID,…] [DOMAIN…]\n"));
        Assert.Equal(["--changes", "--json", "--only"], one.Options.Keys);
        Assert.Null(one.Options["--json"]);
        Assert.NotNull(one.Options["--only"]);
        Assert.Empty(Assert.Single(UsageReader.Read("x", "usage: kopis x\n\n--no\n")).Options);
        Assert.Empty(UsageReader.Read("x", ""));
    }
}

using System.Text;
using System.Text.Json;
using CsCheck;
using Kopis.Users.Settings;

namespace Kopis.Users.Tests;

/// <summary>Which .qmail files a page may change, and what it makes of them.</summary>
public class MailInstructionsTests
{
    private const string Marks = "ab@.|/&# \n";
    private static readonly UserSettings Usual = new([], true, false, "");

    [Theory]
    [InlineData("", "", true, false)]
    [InlineData("./Maildir/\n", "", true, false)]
    [InlineData("&a@b.example\n", "a@b.example", false, false)]
    [InlineData(
        "./Maildir/ \nA@B.example\n&c@d.example\n|vacation -a a@b.example -t 3",
        "A@b.example c@d.example", true, true)]
    [InlineData("# nothing\n", "", false, false)]
    public void What_it_knows_it_reads(string text, string forwards, bool copy, bool away)
    {
        MailInstructions found = MailInstructions.Parse(Encoding.UTF8.GetBytes(text))!;
        Assert.Equal(forwards, string.Join(' ', found.Forwards));
        Assert.Equal((copy, away), (found.HasMailbox, found.HasVacation));
    }

    [Theory]
    [InlineData("|id")]
    [InlineData("|vacation;id")]
    [InlineData("|vacation ;id")]
    [InlineData("|vacation $HOME")]
    [InlineData("|vacations")]
    [InlineData("|vacation\n|vacation")]
    [InlineData("./Mailbox")]
    [InlineData("./Maildir")]
    [InlineData("/var/mail/")]
    [InlineData("&joe")]
    [InlineData("&a@b.example, c@d.example")]
    [InlineData("+list")]
    [InlineData(" &a@b.example")]
    [InlineData("&a@b.example\0")]
    [InlineData("&\u00e4@b.example")]
    public void What_it_does_not_know_it_leaves(string text) =>
        Assert.Null(MailInstructions.Parse(Encoding.UTF8.GetBytes(text)));

    /// <summary>Whatever settings a channel brings: a file that is made has no program but
    /// vacation.</summary>
    [Fact]
    public void No_settings_make_a_program_line() => Gen.Select(
        Gen.OneOf(
            Gen.String,
            Gen.Int[0, Marks.Length - 1].Array[0, 12]
                .Select(places => string.Concat(places.Select(place => Marks[place]))),
            Gen.Const("a@b.example")).Array[0, 4],
        Gen.Bool, Gen.Bool)
        .Sample((string[] forwards, bool copy, bool away) =>
        {
            UserSettings settings = new(forwards, copy, away, "away");
            if (settings.Fault() is null)
            {
                byte[] made = MailInstructions.Parse([])!.With(settings);
                foreach (string line in Encoding.UTF8.GetString(made).Split('\n'))
                {
                    Assert.True(line is "" or "./Maildir/" or "|vacation" || line[0] == '&', line);
                }

                MailInstructions again = MailInstructions.Parse(made)!;
                Assert.Equal(
                    string.Join(' ', forwards.Select(UserSettings.Normalized)),
                    string.Join(' ', again.Forwards));
                Assert.Equal(copy, again.HasMailbox);
                Assert.Equal(away, again.HasVacation);
            }
        });

    [Fact]
    public void The_default_needs_no_file_and_comments_stay()
    {
        Assert.Empty(MailInstructions.Parse("&a@b.example\n"u8)!.With(Usual));
        Assert.Equal(
            "# mine\n./Maildir/\n",
            Encoding.UTF8.GetString(MailInstructions.Parse("# mine\n&a@b.example"u8)!.With(Usual)));
    }

    /// <summary>What the page cannot say is not taken out, and mail is not put off by it.</summary>
    [Theory]
    [InlineData("&a@b.example", true, false, false, true)]
    [InlineData("&a@b.example", true, true, false, false)]
    [InlineData("&a@b.example", true, false, true, false)]
    [InlineData("&a@b.example", false, true, true, true)]
    [InlineData("./Maildir/\n|vacation -t 3", false, true, true, true)]
    [InlineData("./Maildir/\n|vacation -t 3", false, true, false, false)]
    [InlineData("./Maildir/\n|vacation ", false, true, false, true)]
    public void Options_and_the_x_bit_are_left_alone(
        string text, bool isForwardOnly, bool copy, bool away, bool isWritten) =>
        Assert.Equal(
            isWritten,
            MailInstructions.Parse(Encoding.UTF8.GetBytes(text))!.Fault(
                new UserSettings(["a@b.example"], copy, away, "away"), isForwardOnly) is null);

    [Theory]
    [InlineData("", "")]
    [InlineData("I am away.\n", "I am away.")]
    [InlineData("Subject: Auto: $SUBJECT\n\nTo: be honest\n", "To: be honest")]
    [InlineData("Subject: Auto: $SUBJECT\n\n", "")]
    [InlineData("\nTo: be honest\n", "\nTo: be honest")]
    [InlineData("Subject: Away\n\nI am away.\n", null)]
    [InlineData("Subject: Auto: $SUBJECT\nFrom: a@b.example\n\nI am away.\n", null)]
    [InlineData("From: a@b.example\n\nI am away.\n", null)]
    [InlineData("Content-Type: text/html\n\n<p>\n", null)]
    [InlineData("a\u001b[2J\n", null)]
    public void An_answer_with_more_than_our_header_was_written_by_hand(
        string content, string? body) =>
        Assert.Equal(body, AwayMessage.Parse(Encoding.UTF8.GetBytes(content)));

    [Fact]
    public void So_was_one_that_is_too_long_or_of_another_character_set()
    {
        string longest = new('\u2603', UserSettings.AwayCharactersMax);
        Assert.Equal(longest, AwayMessage.Parse(AwayMessage.Make(longest)));
        Assert.Null(AwayMessage.Parse(AwayMessage.Make(longest + "x")));
        Assert.Null(AwayMessage.Parse(Encoding.Latin1.GetBytes("Gr\u00fc\u00dfe\n")));
    }

    [Fact]
    public void A_message_is_settings_a_fault_or_a_question()
    {
        UserSettings settings = new(["a@b.example"], false, true, "\u2603 \"<\n");
        (UserSettings? parsed, string? fault) = Parse(SettingsMessage.Make(settings));
        Assert.Equal(settings.AwayText, parsed!.AwayText);
        Assert.Equal(settings.Forwards, parsed.Forwards);
        Assert.Equal((false, true), (parsed.KeepsCopy, parsed.IsAway));
        Assert.Null(fault);
        Assert.Null(Parse(SettingsMessage.Make(settings with { AwayText = null }))
            .Settings!.AwayText);
        Assert.Equal((null, "why"), Parse(SettingsMessage.Make(null, "why")));
        Assert.Equal((null, null), Parse(SettingsMessage.Make(null)));
        Assert.Equal(
            [1, 2], SettingsMessage.Parse(
                SettingsMessage.Make(settings, null, [1, 2]).AsMemory(sizeof(uint))).Right);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("{\"forwards\":1}")]
    [InlineData("{\"forwards\":[1],\"copy\":true,\"away\":true,\"text\":\"\"}")]
    [InlineData("{\"forwards\":[],\"copy\":1,\"away\":true,\"text\":\"\"}")]
    [InlineData("{\"forwards\":[],\"copy\":true,\"away\":true}")]
    [InlineData("{\"forwards\":[[[]]]}")]
    [InlineData("{\"fault\":{}}")]
    [InlineData("{\"right\":1}")]
    [InlineData("{\"right\":\"-\"}")]
    public void Anything_else_is_none(string text) => Assert.ThrowsAny<JsonException>(
        () => SettingsMessage.Parse(Encoding.UTF8.GetBytes(text)));

    private static (UserSettings? Settings, string? Fault) Parse(byte[] message)
    {
        (UserSettings? settings, string? fault, _) =
            SettingsMessage.Parse(message.AsMemory(sizeof(uint)));
        return (settings, fault);
    }
}

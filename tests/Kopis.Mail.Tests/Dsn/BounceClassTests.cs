using System.Text;
using Kopis.Mail.Dsn;

namespace Kopis.Mail.Tests.Dsn;

public sealed class BounceClassTests
{
    [Fact]
    public void Each_class_has_its_name_in_records() => Assert.Equal(
        Enum.GetNames<BounceClass>().Select(name => name.ToLowerInvariant()),
        BounceClassNames.OfRecords);

    [Fact]
    public void Replies_of_the_field_have_their_classes()
    {
        List<string> wrong = [];
        string[] lines = ReplyTexts.All.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        foreach (string line in lines)
        {
            string[] words = line.Split(' ', 3);
            BounceClass got = Of(Enum.Parse<AttemptStage>(words[1]), words[2]);
            if (got != Enum.Parse<BounceClass>(words[0]))
            {
                wrong.Add($"{got}: {line}");
            }
        }

        Assert.Empty(wrong);
        Assert.InRange(lines.Length, 200, 1000);
    }

    [Theory]
    [InlineData(AttemptStage.Lookup, "couldn't find any host by that name. (#4.1.2)",
        BounceClass.Dns)]
    [InlineData(AttemptStage.Lookup, "couldn't find any host named x. (#5.1.2)",
        BounceClass.BadDomain)]
    [InlineData(AttemptStage.Lookup, "it has a null MX. (#5.1.10)", BounceClass.BadDomain)]
    [InlineData(AttemptStage.Lookup, "I don't treat it as local. (#5.4.6)", BounceClass.Loop)]
    [InlineData(AttemptStage.Connect, "to establish an SMTP connection. (#4.4.1)",
        BounceClass.ConnectionFailed)]
    [InlineData(AttemptStage.Message, "connection died. (#4.4.2)", BounceClass.ConnectionFailed)]
    [InlineData(AttemptStage.Mail, "too large (#5.3.4)", BounceClass.Size)]
    [InlineData(AttemptStage.Mail, "no SMTPUTF8 (#5.6.7)", BounceClass.Form)]
    [InlineData(AttemptStage.Tls, "TLS failed. (#4.7.5)", BounceClass.TlsFailed)]
    [InlineData(AttemptStage.Auth, "offers no AUTH. (#4.7.0)", BounceClass.LoginRefused)]
    [InlineData(AttemptStage.None, "Unable to read control files. (#4.3.0)", BounceClass.Local)]
    [InlineData(AttemptStage.None, "qmail-remote crashed.", BounceClass.Local)]
    public void What_we_say_ourselves_has_one_too(
        AttemptStage stage, string text, BounceClass expected)
    {
        byte[] report = Encoding.ASCII.GetBytes(text + "\n");
        Assert.Equal(
            expected, BounceClasses.Of(stage, 0, EnhancedStatus.InReport(report), report));
    }

    [Fact]
    public void Any_reply_has_a_class()
    {
        Random random = new(1);
        byte[] bytes = new byte[3000];
        for (int i = 0; i < 2000; i++)
        {
            random.NextBytes(bytes);
            byte[] report = [.. "Remote host said: 550 "u8, .. bytes[..random.Next(3000)]];
            BounceClass found = BounceClasses.Of(
                (AttemptStage)random.Next(11), random.Next(200, 600),
                EnhancedStatus.InReport(report), report);
            Assert.True(Enum.IsDefined(found) && found != BounceClass.None);
        }
    }

    private static BounceClass Of(AttemptStage stage, string reply)
    {
        byte[] report = Encoding.ASCII.GetBytes(
            $"192.0.2.9 does not like recipient.\nRemote host said: {reply}\n"
            + "Giving up on 192.0.2.9.\n");
        int code = int.Parse(reply[..3], System.Globalization.CultureInfo.InvariantCulture);
        return BounceClasses.Of(stage, code, EnhancedStatus.InReport(report), report);
    }
}

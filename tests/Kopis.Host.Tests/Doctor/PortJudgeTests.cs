using Kopis.Host.Doctor;

namespace Kopis.Host.Tests.Doctor;

/// <summary>What a port says and does: each fault by itself.</summary>
public class PortJudgeTests
{
    private static readonly PortJudge Judge = new("mx.example");

    [Theory]
    [InlineData("220 mx.example ESMTP", 553, true, null, true, "")]
    [InlineData("220-MX.example hello\n220 there", 550, true, null, true, "")]
    [InlineData("554 go away", 0, false, null, null, "smtp.in fault")]
    [InlineData("220 other.example", 553, true, null, true, "smtp.name note")]
    [InlineData("220", 553, true, null, true, "smtp.name note")]
    [InlineData("220 mx.example", 250, true, null, true, "smtp.relay fault")]
    [InlineData("220 mx.example", 451, true, null, true, "smtp.relay unchecked")]
    [InlineData("220 mx.example", 553, false, null, null, "smtp.starttls warning")]
    [InlineData("220 mx.example", 553, true, "alert", null, "smtp.tls fault")]
    [InlineData("220 mx.example", 553, true, null, false, "smtp.certificate warning")]
    public void Smtp(
        string greeting, int relay, bool offers, string? trouble, bool? hasName, string wanted) =>
        Assert.Equal(wanted, Said(Judge.Smtp(new PortFacts("198.51.100.7:25")
        {
            Greeting = int.Parse(greeting[..3], null),
            Text = greeting + "\n",
            Relay = relay,
            OffersTls = offers,
            TlsTrouble = trouble,
            HasName = hasName,
        })));

    [Theory]
    [InlineData(true, "refused", null, null, "")]
    [InlineData(false, "no answer", null, null, "pop3.tls fault")]
    [InlineData(false, null, "alert", null, "pop3.tls fault")]
    [InlineData(false, null, null, null, "pop3.tls fault")]
    [InlineData(false, null, null, false, "pop3.tls fault")]
    [InlineData(false, null, null, true, "")]
    public void Ports_of_users(
        bool isRefused, string? trouble, string? handshake, bool? hasName, string wanted) =>
        Assert.Equal(wanted, Said(Judge.Users("pop3.tls", new PortFacts("198.51.100.7:995")
        {
            IsRefused = isRefused,
            Trouble = trouble,
            TlsTrouble = handshake,
            HasName = hasName,
        })));

    [Fact]
    public void Another_host_that_answers_at_all_is_reached()
    {
        Assert.Equal("", Said(PortJudge.Out(new PortFacts("h") { Greeting = 554 })));
        Assert.Equal(
            "smtp.out fault", Said(PortJudge.Out(new PortFacts("h") { Trouble = "x" })));
    }

    [Fact]
    public void Changes_are_what_is_new_and_what_is_gone()
    {
        Verdicts first = new("a.example");
        first.Judge("spf.missing", true, "x");
        first.Judge("dmarc.none", true, "x");
        DoctorChanges begin = DoctorChanges.Of([], first.All);
        Assert.Equal(2, begin.New.Count);
        Verdicts then = new("a.example");
        then.Unknown("spf.missing", "x");
        then.Judge("mx.here", true, "x");
        DoctorChanges later = DoctorChanges.Of(begin.Known, then.All);
        Assert.Equal(["mx.here"], later.New.Select(one => one.Check.Id));
        Assert.Equal(["dmarc.none|a.example|note"], later.Gone);
        Assert.Equal(
            ["mx.here|a.example|warning", "spf.missing|a.example|fault"], later.Known);
    }

    private static string Said(IEnumerable<DoctorResult> results) => string.Join(
        ", ", results.Where(one => one.State != DoctorState.Ok)
            .Select(one => $"{one.Check.Id} {DoctorText.Word(one.State)}"));
}

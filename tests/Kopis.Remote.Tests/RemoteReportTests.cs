using System.Text;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Remote.Tests;

public sealed class RemoteReportTests
{
    [Theory] // Contract §8.1: h and s beat the message's report; its text follows if no better.
    [InlineData("rok|Kgood", Verdict.Delivered, "okgood")]
    [InlineData("rok|Zlater", Verdict.Retry, "oklater")]
    [InlineData("hno|Dgive up", Verdict.Failed, "nogive up")]
    [InlineData("hno|Kgood", Verdict.Failed, "no")]
    [InlineData("hno|Zlater", Verdict.Failed, "no")]
    [InlineData("swait|Dgive up", Verdict.Retry, "waitgive up")]
    [InlineData("swait|Kgood", Verdict.Retry, "wait")]
    [InlineData("Kgood", Verdict.Delivered, "good")]
    [InlineData("Dbad", Verdict.Failed, "bad")]
    [InlineData("xjunk|Kgood", Verdict.Delivered, "good")]
    [InlineData("xjunk", Verdict.Retry, "")]
    public void The_output_of_any_qmail_remote_comes_to_one_verdict(
        string output, Verdict verdict, string text)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(
            output.Replace('|', '\0') + "\0");
        Outcome outcome = ForeignRemote.Judge(new WaitStatus(0), bytes);
        Assert.Equal(
            (verdict, text), (outcome.Verdict, Encoding.ASCII.GetString(outcome.Text.Span)));
    }

    [Theory]
    [InlineData(9, Verdict.Retry, "qmail-remote crashed.\n")]
    [InlineData(111 << 8, Verdict.Retry, "Unable to run qmail-remote.\n")]
    [InlineData(100 << 8, Verdict.Failed, "Unable to run qmail-remote.\n")]
    [InlineData(
        1 << 8, Verdict.Retry, "Unable to run qmail-remote.\nexit code 1 (#4.3.0)\n")]
    [InlineData(
        127 << 8, Verdict.Retry, "Unable to run qmail-remote.\nexit code 127 (#4.3.0)\n")]
    [InlineData(0, Verdict.Retry, "qmail-remote produced no output.\n")]
    public void An_end_without_a_report_has_one_too(int status, Verdict verdict, string text)
    {
        Outcome outcome = ForeignRemote.Judge(new WaitStatus(status), []);
        Assert.Equal(
            (verdict, text), (outcome.Verdict, Encoding.ASCII.GetString(outcome.Text.Span)));
    }

    [Fact]
    public void A_batch_has_a_verdict_for_each_recipient()
    {
        RemoteReport report = new();
        report.Add('r', []);
        report.Add('h', "no\n"u8.ToArray());
        report.End('K', "taken\n");
        Assert.Equal(Verdict.Delivered, report.For(0).Verdict);
        Assert.Equal(Verdict.Failed, report.For(1).Verdict);
        Assert.Equal("r\0hno\n\0Ktaken\n\0"u8.ToArray(), report.ToBytes());
    }

    [Theory]
    [InlineData("1.2.3.4", "1.2.3.4")]
    [InlineData("[1.2.3.4]", "1.2.3.4")]
    [InlineData("[IPv6:::1]", "::1")]
    [InlineData("::1", "::1")]
    [InlineData("1.2.3", null)]
    [InlineData("16909060", null)]
    [InlineData("host.example", null)]
    [InlineData("[host.example]", null)]
    [InlineData("0x7f.0.0.1", null)]
    [InlineData("0177.0.0.1", null)]
    [InlineData("127.0.0.01", null)]
    [InlineData("127.0.0.256", null)]
    [InlineData("127.0.0.1.", null)]
    [InlineData("0.0.0.0", "0.0.0.0")]
    [InlineData("[IPv6:::ffff:127.0.0.1]", "::ffff:127.0.0.1")]
    public void A_literal_is_an_address_and_nothing_else_is(string host, string? address) =>
        Assert.Equal(address, TargetFinder.ParseLiteral(host)?.ToString());
}

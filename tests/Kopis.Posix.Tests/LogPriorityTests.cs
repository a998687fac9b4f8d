namespace Kopis.Posix.Tests;

public sealed class LogPriorityTests
{
    [Theory]
    [InlineData("alert: unable to write", "<1>")]
    [InlineData("qmail-queue: alert: unable to write", "<1>")]
    [InlineData("tcpserver: fatal: unable to bind", "<3>")]
    [InlineData("qmail-lookup: warning: users/aliases: line 3", "<4>")]
    [InlineData("warning: no room", "<4>")]
    [InlineData("qmail-smtpd: 7 192.0.2.1: accepted qp 1", "")]
    [InlineData("qmail-smtpd: 7 192.0.2.1: helo=alert: x", "")] // A client's words.
    [InlineData("new msg 8", "")]
    [InlineData("", "")]
    public void A_line_says_how_much_it_matters(string line, string priority) =>
        Assert.Equal(priority, LogPriority.Of(line));
}

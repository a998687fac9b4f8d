namespace Kopis.Posix.Tests;

public sealed class LastWordsTests
{
    [Fact]
    public void A_person_gets_one_line_without_a_trace()
    {
        Exception bug = Thrown(new InvalidOperationException("two\nlines\r\n"));
        string line = ErrorLog.Line("qmail-x", bug, withTrace: false);
        Assert.Equal(
            "qmail-x: fatal: unexpected InvalidOperationException: two lines  ", line);
    }

    [Fact]
    public void A_log_gets_the_trace_on_the_same_line()
    {
        Exception bug = Thrown(new InvalidOperationException("why"));
        string line = ErrorLog.Line("qmail-x", bug, withTrace: true);
        Assert.StartsWith("qmail-x: fatal: unexpected InvalidOperationException: why [", line,
            StringComparison.Ordinal);
        Assert.Contains(nameof(Thrown), line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    [Fact]
    public void What_the_system_says_is_no_bug() => Assert.Equal(
        "qmail-x: fatal: open /x: file does not exist",
        ErrorLog.Line("qmail-x", new PosixException("open /x", Errno.NoEntry), false));

    private static Exception Thrown(Exception e)
    {
        try
        {
            throw e;
        }
        catch (Exception caught)
        {
            return caught;
        }
    }
}

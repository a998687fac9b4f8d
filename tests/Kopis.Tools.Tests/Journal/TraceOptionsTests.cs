using System.Globalization;
using Kopis.Tools.Journal;

namespace Kopis.Tools.Tests.Journal;

public sealed class TraceOptionsTests
{
    private static readonly DateTimeOffset Now =
        DateTimeOffset.Parse("2026-11-30T12:00:00Z", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData("bob@example.org", JournalKey.Address, "bob@example.org")]
    [InlineData("8388616", JournalKey.Number, "8388616")]
    [InlineData("<a@b>", JournalKey.MessageId, "<a@b>")]
    [InlineData("192.0.2.1", JournalKey.Client, "192.0.2.1")]
    [InlineData("2001:DB8::1", JournalKey.Client, "2001:db8::1")]
    [InlineData("--qp 77", JournalKey.Qp, "77")]
    [InlineData("--id a@b", JournalKey.MessageId, "<a@b>")]
    public void What_is_wanted(string words, byte kind, string value) =>
        Assert.Equal([(kind, value)], Parse(words)!.Wanted);

    [Theory]
    [InlineData("")]
    [InlineData("bob")]
    [InlineData("--json")]
    [InlineData("--nonsense a@b")]
    [InlineData("--since")]
    [InlineData("--since yesterday a@b")]
    [InlineData("--since 5x a@b")]
    [InlineData("--since 2147483647d a@b")]
    [InlineData("--limit 0 a@b")]
    [InlineData("--limit -1 a@b")]
    public void Words_that_make_no_sense(string words) => Assert.Null(Parse(words));

    [Theory]
    [InlineData("2h", "2026-11-30T10:00:00Z")]
    [InlineData("90s", "2026-11-30T11:58:30Z")]
    [InlineData("7d", "2026-11-23T12:00:00Z")]
    [InlineData("2026-11-30T09:00:00Z", "2026-11-30T09:00:00Z")]
    public void Times(string text, string time) => Assert.Equal(
        DateTimeOffset.Parse(time, CultureInfo.InvariantCulture),
        TraceOptions.ParseTime(text, Now));

    private static TraceOptions? Parse(string words) => TraceOptions.Parse(
        words.Split(' ', StringSplitOptions.RemoveEmptyEntries), Now);
}

using System.Text;
using Kopis.Tools.Journal;

namespace Kopis.Tools.Tests.Journal;

public sealed class SenderTableTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 12, 0, 0, TimeSpan.Zero);

    private static readonly string[] Records =
    [
        Record("\"e\":\"accept\",\"ip\":\"192.0.2.1\",\"size\":10,\"from\":\"a@X\",\"rcpts\":1"),
        Record("\"e\":\"accept\",\"ip\":\"192.0.2.1\",\"login\":\"ann@x\",\"size\":5,"
            + "\"from\":\"b@x\",\"rcpts\":40"),
        Record("\"e\":\"accept\",\"ip\":\"192.0.2.9\",\"login\":\"ann@x\",\"size\":5,"
            + "\"from\":\"b@x\",\"rcpts\":1"),
        Record("\"e\":\"queued\",\"uid\":1000,\"size\":900,\"from\":\"\",\"rcpts\":1"),
    ];

    [Theory]
    [InlineData(SenderKey.Sender, "b@x 2 41 10|<> 1 1 900|a@X 1 1 10")]
    [InlineData(SenderKey.Domain, "x 3 42 20|<> 1 1 900")]
    [InlineData(SenderKey.Login, "ann@x 2 41 10")]
    [InlineData(SenderKey.Client, "192.0.2.1 2 41 15|192.0.2.9 1 1 5|uid 1000 1 1 900")]
    public void Senders_are_told_apart(SenderKey key, string rows) => Assert.Equal(
        rows.Split('|'), Rows(key, static row => row.Messages));

    [Fact]
    public void The_first_have_most_of_what_is_asked() => Assert.Equal(
        ["<>", "a@X"], Rows(SenderKey.Sender, static row => row.Bytes)
            .Select(row => row.Split(' ')[0]).Take(2));

    [Theory]
    [InlineData("--by login --sort bytes --since 2h --limit 5 --json", true)]
    [InlineData("--until 12:00", true)]
    [InlineData("--by", false)]
    [InlineData("--by 1", false)]
    [InlineData("--by +1", false)]
    [InlineData("--by login,client", false)]
    [InlineData("--by nobody", false)]
    [InlineData("--sort size", false)]
    [InlineData("--limit 0", false)]
    [InlineData("--since yesterday-ish", false)]
    [InlineData("joe@x", false)]
    public void Options(string words, bool areFit) =>
        Assert.Equal(areFit, SendersOptions.Parse(words.Split(' '), Now) is not null);

    private static IEnumerable<string> Rows(SenderKey key, Func<SenderRow, long> measure)
    {
        SenderTable table = new(key);
        foreach (string record in Records)
        {
            table.Add(JournalEntry.Parse(Encoding.UTF8.GetBytes(record))!);
        }

        return table.Top(10, measure).Select(row =>
            $"{row.Name} {row.Messages} {row.Recipients} {row.Bytes}");
    }

    private static string Record(string fields) =>
        $"{{\"t\":\"2026-11-30T11:00:00.0000000Z\",\"by\":\"qmaild\",\"pid\":7,{fields}}}";
}

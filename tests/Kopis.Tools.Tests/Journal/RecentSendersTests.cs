using Kopis.Testing;
using Kopis.Tools.Journal;

namespace Kopis.Tools.Tests.Journal;

/// <summary>Who has sent most in the last minutes, as the journal grows.</summary>
public sealed class RecentSendersTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;
    private readonly ManualTime _time = new();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>Each record counts once, also those of the same moment as the last that was
    /// there, and those of a file that begins later.</summary>
    [Fact]
    public void Each_message_counts_once()
    {
        Append("1", "joe@x", 2);
        RecentSenders senders = Open();
        Assert.Equal(["joe@x 2 6 20"], Rows(senders));
        Append("1", "joe@x", 1);
        Append("1", "ann@x", 5);
        Append("2", "ann@x", 1);
        Assert.Equal(["ann@x 6 18 60", "joe@x 3 9 30"], Rows(senders));
        Assert.Equal(["ann@x 6 18 60", "joe@x 3 9 30"], Rows(senders));
    }

    [Fact]
    public void After_ten_minutes_they_count_no_more()
    {
        RecentSenders senders = Open(); // There is no file yet.
        Append("1", "joe@x", 1);
        _time.Advance(TimeSpan.FromMinutes(9));
        Append("1", "ann@x", 1);
        Assert.Equal(["ann@x 1 3 10", "joe@x 1 3 10"], Rows(senders));
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(["ann@x 1 3 10"], Rows(senders));
    }

    private RecentSenders Open() => new(_directory, SenderKey.Sender, _time);

    private static IEnumerable<string> Rows(RecentSenders senders) => senders.Top(10)
        .Select(row => $"{row.Name} {row.Messages} {row.Recipients} {row.Bytes}");

    private void Append(string file, string from, int times)
    {
        string line = $"{{\"t\":\"{_time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'}\","
            + $"\"e\":\"accept\",\"from\":\"{from}\",\"rcpts\":3,\"size\":10}}\n";
        File.AppendAllText(
            Path.Combine(_directory, $"{file}.jsonl"),
            string.Concat(Enumerable.Repeat(line, times)));
    }
}

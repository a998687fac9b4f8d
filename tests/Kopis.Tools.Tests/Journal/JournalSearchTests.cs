using System.Globalization;
using CsCheck;
using Kopis.Tools.Journal;

namespace Kopis.Tools.Tests.Journal;

/// <summary>Look-ups that leave out files.</summary>
public sealed class JournalSearchTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>Records of some messages, a few to a file, files often within a second: a message
    /// is found whole from any of its records. What another process writes may come before `new`
    /// and after `end`, by a moment.</summary>
    [Trait("Size", "large")]
    [Fact]
    public void A_message_is_found_whole_from_any_of_its_records() =>
        Gen.Select(Gen.Int[1, 20].Array[8, 24], Gen.Int[1, 12], Gen.Double[0.01, 5]).Sample(
            (lengths, perFile, step) =>
            {
                Clear();
                List<(int Message, string Kind)> records = [];
                for (int message = 1; message <= lengths.Length; message++)
                {
                    records.Add((message, "accept"));
                    records.Add((message, "new"));
                    int waits = Math.Max(0, records.Count - lengths[message - 1]);
                    records.Insert(waits, (message + 1000, "refuse"));
                    records.AddRange(Enumerable.Repeat((message, "attempt"), message % 4));
                    records.Add((message, "end"));
                    records.Add((message, "logged"));
                }

                DateTimeOffset[] times =
                    [.. records.Select((_, i) => Start.AddSeconds(i * step))];
                WriteFiles(records, times, perFile);
                using JournalSearch search = Search();
                for (int i = 0; i < records.Count; i++)
                {
                    int message = records[i].Message;
                    Assert.Equal(
                        records.Where(one => one.Message == message).Select(one => one.Kind),
                        search.FindMessage((ulong)message, times[i], 1000).Kept
                            .Select(one => one.Kind));
                }
            },
            iter: 20, threads: 1);

    [Fact]
    public void A_message_that_waits_is_found_to_the_last_file()
    {
        (int, string)[] records =
            [(1, "accept"), (1, "new"), (2, "new"), (2, "end"), (1, "attempt"), (3, "new")];
        DateTimeOffset[] times = [.. records.Select((_, i) => Start.AddHours(i))];
        WriteFiles(records, times, 1);
        using JournalSearch search = Search();
        Assert.Equal(
            ["accept", "new", "attempt"],
            search.FindMessage(1, times[0], 10).Kept.Select(entry => entry.Kind));
    }

    [Fact]
    public void Without_a_journal_nothing_is_found()
    {
        using JournalSearch search = Search();
        Assert.Empty(search.FindMessage(1, Start, 10).Kept);
        Assert.Empty(search.Find(JournalKey.Number, "1", Start, Start));
    }

    /// <summary>In the file that is written there is no index: letters have no case, and what is
    /// escaped is read.</summary>
    [Theory]
    [InlineData("\"from\":\"Joe@Example.ORG\"", "joe@example.org", true)]
    [InlineData("\"from\":\"joe@example.org\"", "JOE@EXAMPLE.ORG", true)]
    [InlineData("\"from\":\"joe\\u0040example.org\"", "joe@example.org", true)]
    [InlineData("\"from\":\"xjoe@example.org\"", "joe@example.org", false)]
    [InlineData(
        "\"from\":\"x\",\"to\":[\"a@b\",\"joe@joe@example.org\"]", "joe@example.org", false)]
    [InlineData("\"from\":\"x\",\"to\":[\"a@b\",\"joe@example.org\"]", "joe@example.org", true)]
    [InlineData("\"from\":\"abc\"", "ABC", true)]
    [InlineData("\"from\":\"ab\"", "abc", false)]
    public void The_file_that_is_written_is_searched_too(string field, string value, bool isThere)
    {
        Write(Start, [Line(Start, "new", 1, field)]);
        using JournalSearch search = Search();
        Assert.Equal(isThere ? 1 : 0, search.Find(JournalKey.Address, value).Count());
    }

    [Fact]
    public void A_time_that_cannot_be_reckoned_with_is_no_record()
    {
        Write(Start, [Line(DateTimeOffset.MinValue, "new", 1, "\"fwd\":[\"7\"]")]);
        using JournalSearch search = Search();
        Assert.Empty(search.Find(JournalKey.Number, "1"));
    }

    /// <summary>Of a long message the first and the last records are kept, wherever the search
    /// begins; the others are counted.</summary>
    [Theory, InlineData(0), InlineData(25), InlineData(49)]
    public void Of_many_records_the_middle_is_counted(int from)
    {
        (int, string)[] records =
            [(1, "new"), .. Enumerable.Range(0, 48).Select(i => (1, $"attempt{i}")), (1, "end")];
        DateTimeOffset[] times = [.. records.Select((_, i) => Start.AddHours(i))];
        WriteFiles(records, times, 7);
        using JournalSearch search = Search();
        FirstAndLast found = search.FindMessage(1, times[from], 6);
        Assert.Equal(
            ["new", "attempt0", "attempt1", "attempt46", "attempt47", "end"],
            found.Kept.Select(entry => entry.Kind));
        Assert.Equal((44, 3), (found.LeftOut, found.Gap));
    }

    /// <summary>Who looks for the last needs no older file: it may be gone, or be no file.
    /// </summary>
    [Fact]
    public void Backwards_no_more_is_read_than_asked_for()
    {
        (int, string)[] records = [.. Enumerable.Range(1, 30).Select(i => (i, "new"))];
        DateTimeOffset[] times = [.. records.Select((_, i) => Start.AddHours(i))];
        WriteFiles(records, times, 10);
        using JournalSearch search = Search();
        using IEnumerator<JournalEntry> all = search.AllBackwards().GetEnumerator();
        for (int i = 30; i > 20; i--)
        {
            Assert.True(all.MoveNext());
            Assert.Equal((ulong)i, all.Current.Message);
        }

        Clear();
        Assert.False(all.MoveNext());
    }

    [Fact]
    public void A_trace_has_the_last_messages_and_all_that_is_asked_of_each()
    {
        List<string> lines = [];
        for (int i = 1; i <= 40; i++)
        {
            string to = i % 2 == 0 ? "even@x" : "odd@x";
            lines.Add(Line(
                Start.AddMinutes(i), "new", i, $"\"from\":\"joe@x\",\"to\":[\"{to}\"]"));
        }

        Write(Start, [.. lines]);
        Assert.Equal([38UL, 39UL, 40UL], Traced("--limit", "3", "joe@x"));
        Assert.Equal([36UL, 38UL, 40UL], Traced("--limit", "3", "joe@x", "even@x"));
        Assert.Equal([36UL, 38UL, 40UL], Traced("--limit", "3", "even@x", "joe@x"));
        Assert.Equal([], Traced("--limit", "3", "even@x", "odd@x"));
        Assert.Equal([39UL, 40UL], Traced("--limit", "2", "--since", "2026-11-01"));
    }

    [Fact]
    public void A_page_says_how_many_records_it_leaves_out()
    {
        Write(Start, [.. Enumerable.Range(0, 1000).Select(i =>
            Line(Start.AddSeconds(i), i == 0 ? "new" : "attempt", 1, "\"from\":\"joe@x\""))]);
        TraceStory story = Assert.Single(TraceStory.Find(_directory, ["1"], Start)!);
        Assert.Equal(201, story.Lines.Count);
        Assert.Equal("(800 more records)", story.Lines[100].Text);
        Assert.Equal(Start, story.Lines[0].Time);
        Assert.Equal(Start.AddSeconds(999), story.Lines[^1].Time);
    }

    [Fact]
    public void A_trace_that_nobody_waits_for_ends()
    {
        Write(Start, [Line(Start, "new", 1, "\"from\":\"joe@x\"")]);
        Assert.Throws<OperationCanceledException>(() => TraceStory.Find(
            _directory, ["joe@x"], Start, new CancellationToken(canceled: true)));
    }

    private IEnumerable<ulong> Traced(params string[] words) =>
        TraceStory.Find(_directory, words, Start.AddDays(2))!.Select(story => story.Number);

    private static string Line(DateTimeOffset time, string kind, int message, string field) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"t\":\"{time:yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'}\",\"by\":\"q\",\"pid\":1,")
        + $"\"e\":\"{kind}\",\"msg\":{message},{field}}}\n";

    private void WriteFiles(
        IReadOnlyList<(int Message, string Kind)> records, DateTimeOffset[] times, int perFile)
    {
        for (int from = 0; from < records.Count; from += perFile)
        {
            Write(times[from], [.. Enumerable.Range(from, perFile)
                .Where(i => i < records.Count)
                .Select(i => Line(times[i], records[i].Kind, records[i].Message, "\"x\":1"))]);
        }
    }

    private void Write(DateTimeOffset begin, string[] lines) => File.WriteAllText(
        Path.Combine(
            _directory,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{begin:yyyy-MM-dd'T'HHmmss.ffffff}{JournalStore.Suffix}")),
        string.Concat(lines));

    private void Clear() =>
        Array.ForEach(Directory.GetFiles(_directory), File.Delete);

    private JournalSearch Search() =>
        new(_directory, DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
}

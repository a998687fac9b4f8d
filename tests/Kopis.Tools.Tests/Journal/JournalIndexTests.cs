using System.Globalization;
using System.Text;
using CsCheck;
using Kopis.Tools.Journal;

namespace Kopis.Tools.Tests.Journal;

public sealed class JournalIndexTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kopis-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_record_is_found_by_all_that_it_has()
    {
        Write("2026-11-30T000000.000000", Line("accept", "\"msg\":8,\"qp\":77,\"mid\":\"<a@b>\","
            + "\"ip\":\"192.0.2.1\",\"login\":\"Eve\",\"from\":\"x@y\","
            + "\"to\":[\"One@z\",\"two@z\"]"),
            Line("attempt", "\"msg\":8,\"to\":\"one@z\",\"fwd\":[\"78\"]"));
        using JournalSearch search = Search();
        Assert.Equal(["accept", "attempt"], Kinds(search, JournalKey.Number, "8"));
        Assert.Equal(["accept", "attempt"], Kinds(search, JournalKey.Address, "ONE@Z"));
        Assert.Equal(["accept"], Kinds(search, JournalKey.Address, "two@z"));
        Assert.Equal(["accept"], Kinds(search, JournalKey.Address, "eve"));
        Assert.Equal(["accept"], Kinds(search, JournalKey.MessageId, "<a@b>"));
        Assert.Equal(["accept"], Kinds(search, JournalKey.Client, "192.0.2.1"));
        Assert.Equal(["accept"], Kinds(search, JournalKey.Qp, "77"));
        Assert.Equal(["attempt"], Kinds(search, JournalKey.Qp, "78"));
        Assert.Empty(Kinds(search, JournalKey.Number, "77"));
    }

    [Fact]
    public void Indexed_files_and_others_give_the_same()
    {
        string first = Write("2026-11-30T000000.000000", [.. Enumerable.Range(1, 5000)
            .Select(n => Line("new", $"\"msg\":{n % 1000},\"from\":\"u{n % 7}@x\""))]);
        Write("2026-11-30T010000.000000", Line("end", "\"msg\":7"));
        for (int round = 0; round < 2; round++)
        {
            Assert.Equal(round == 1, File.Exists(JournalIndex.PathFor(first)));
            using JournalSearch search = Search();
            Assert.Equal(
                ["new", "new", "new", "new", "new", "end"], Kinds(search, JournalKey.Number, "7"));
            Assert.Equal(715, search.Find(JournalKey.Address, "u1@x").Count());
        }
    }

    [Fact]
    public void Any_key_is_found_where_it_is() =>
        Gen.Select(Gen.Int[1, 6000], Gen.Int[1, 3000]).Sample(
            (count, kinds) =>
            {
                string file = Write($"{Guid.NewGuid()}", [.. Enumerable.Range(0, count)
                    .Select(n => Line("end", $"\"msg\":{1 + (n % kinds)}"))]);
                Assert.True(JournalIndex.TryMake(file));
                using JournalFile journal = JournalFile.Open(file);
                using JournalIndex index = JournalIndex.TryOpen(file, journal.Size)!;
                foreach (int wanted in (int[])[1, kinds, (kinds / 2) + 1, kinds + 1])
                {
                    ulong key = JournalKey.Of(
                        JournalKey.Number, Encoding.ASCII.GetBytes($"{wanted}"));
                    int there = Enumerable.Range(0, count).Count(n => 1 + (n % kinds) == wanted);
                    Assert.Equal(there, index.Find(key).Count);
                }
            },
            iter: 30);

    [Fact]
    public void Half_a_line_and_foreign_bytes_are_passed_over()
    {
        string file = Write("2026-11-30T000000.000000", Line("end", "\"msg\":8"));
        using (FileStream stream = File.Open(file, FileMode.Append))
        {
            stream.Write("{\"t\":\"2026\n\0\u001b nonsense\n{}\n{\"e\":\"end\",\"msg\":8"u8);
        }

        Write("2026-11-30T020000.000000");
        using JournalSearch search = Search();
        Assert.Single(search.Find(JournalKey.Number, "8"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("KJX1")]
    [InlineData("KJX1\0\0\0\0\u0001\0\0\0\0\0\0\0")]
    public void A_damaged_index_is_not_believed(string text)
    {
        string file = Write("2026-11-30T000000.000000", Line("end", "\"msg\":8"));
        Write("2026-11-30T020000.000000");
        File.WriteAllText(JournalIndex.PathFor(file), text);
        using JournalSearch search = Search();
        Assert.Single(search.Find(JournalKey.Number, "8"));
    }

    [Fact]
    public void Files_of_another_time_are_not_looked_at()
    {
        Write("2026-11-28T000000.000000", Line("end", "\"msg\":8"));
        Write("2026-11-29T000000.000000", Line("end", "\"msg\":8"));
        Write("2026-11-30T000000.000000", Line("end", "\"msg\":8"));
        using JournalSearch search = new(
            _directory, Time("2026-11-29T12:00:00Z"), Time("2026-11-29T13:00:00Z"));
        Assert.Single(search.Find(JournalKey.Number, "8"));
    }

    private static DateTimeOffset Time(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static string Line(string kind, string fields) =>
        $"{{\"t\":\"2026-11-30T00:00:00.0000000Z\",\"by\":\"q\",\"pid\":1,"
        + $"\"e\":\"{kind}\",{fields}}}\n";

    private static IEnumerable<string> Kinds(JournalSearch search, byte kind, string value) =>
        search.Find(kind, value).Select(entry => entry.Kind);

    private string Write(string name, params string[] lines)
    {
        string path = Path.Combine(_directory, name + JournalStore.Suffix);
        File.WriteAllText(path, string.Concat(lines));
        return path;
    }

    private JournalSearch Search() =>
        new(_directory, DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
}

using System.Text;
using Kopis.Base;
using Kopis.Tools.Journal;

namespace Kopis.Tools.Tests.Journal;

public sealed class RecordCheckTests
{
    [Theory]
    [InlineData("{\"e\":\"end\"}")]
    [InlineData("{\"e\":\"new\",\"msg\":8,\"from\":\"é\",\"to\":[\"a\",\"b\"]}")]
    public void Records(string line) => Assert.True(Is(line));

    [Theory]
    [InlineData("")]
    [InlineData("end")]
    [InlineData("{\"msg\":8,\"e\":\"new\"}")] // The kind comes first.
    [InlineData("{\"e\":\"new\"")]
    [InlineData("{\"e\":\"new\"} ")] // Nothing is behind it,
    [InlineData("{\"e\":\"new\"}{\"e\":\"new\"}")]
    [InlineData("{\"e\":\"new\",\"e\":\"end\"}")]
    [InlineData("{\"e\":\"new\",\"t\":\"2000-01-01T00:00:00Z\"}")] // nor a stamp in it,
    [InlineData("{\"e\":\"new\",\"by\":\"qmails\"}")]
    [InlineData("{\"e\":\"new\",\"pid\":1}")]
    [InlineData("{\"e\":\"new\",\"\\u0074\":1}")] // even if it is hidden,
    [InlineData("{\"e\":\"new\",\"a\":{}}")] // nor an object,
    [InlineData("{\"e\":\"new\",\"a\":[[1]]}")]
    [InlineData("{\"e\":\"new\",\"a\":[{}]}")]
    [InlineData("{\"e\":\"new\",\"a\":\"\u001b[2J\"}")] // nor what a terminal obeys.
    [InlineData("{\"e\":\"new\",\"a\":\"\u007f\"}")]
    [InlineData("{\"e\":\"new\",\t\"a\":1}")]
    public void No_records(string line) => Assert.False(Is(line));

    [Fact]
    public void What_is_not_utf_8_is_none() => Assert.False(RecordCheck.IsRecord(
        [.. "{\"e\":\"new\",\"a\":\""u8, 0xFF, .. "\"}"u8]));

    [Fact]
    public void A_long_line_is_none() =>
        Assert.False(Is($"{{\"e\":\"new\",\"a\":\"{new string('a', 8192)}\"}}"));

    [Fact]
    public void What_programs_write_is_one()
    {
        JournalRecord record = new(new byte[JournalRecord.BytesMax], "refuse"u8);
        record.Text("from"u8, [0, 0x1B, 0xFF, 0x80, (byte)'"', (byte)'\\', 0xC2, 0x9B]);
        Assert.True(RecordCheck.IsRecord(record.End()[..^1]));
    }

    private static bool Is(string line) => RecordCheck.IsRecord(Encoding.UTF8.GetBytes(line));
}

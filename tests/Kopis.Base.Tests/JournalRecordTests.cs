using System.Text;
using System.Text.Json;
using CsCheck;

namespace Kopis.Base.Tests;

public sealed class JournalRecordTests
{
    [Fact]
    public void A_record_is_one_line_of_json()
    {
        JournalRecord record = new(new byte[JournalRecord.BytesMax], "accept"u8);
        record.Number("msg"u8, ulong.MaxValue);
        record.Number("left"u8, long.MinValue);
        record.Text("from"u8, "bob@example.org"u8);
        Assert.True(record.BeginList("to"u8));
        Assert.True(record.Item("a@b"u8));
        Assert.True(record.Item("c@d"u8));
        record.EndList();
        Assert.Equal(
            "{\"e\":\"accept\",\"msg\":18446744073709551615,\"left\":-9223372036854775808,"
                + "\"from\":\"bob@example.org\",\"to\":[\"a@b\",\"c@d\"]}\n",
            Encoding.UTF8.GetString(record.End()));
    }

    [Theory]
    [InlineData(
        new byte[] { (byte)'a', (byte)'"', (byte)'\\', 0, (byte)'\n', 0x1B, 0x7F },
        @"a\""\\\u0000\u000a\u001b\u007f")]
    [InlineData(new byte[] { 0xC3, 0xA9, 0xFF, 0xC3 }, "é\uFFFD\uFFFD")]
    [InlineData(
        new byte[] { 0xC2, 0x9B, 0xE2, 0x80, 0xAE, 0xE2, 0x80, 0xA8 }, @"\u009b\u202e\u2028")]
    [InlineData(new byte[] { 0xED, 0xA0, 0x80 }, "\uFFFD\uFFFD\uFFFD")]
    public void Hostile_bytes_are_escaped(byte[] text, string written)
    {
        JournalRecord record = new(new byte[JournalRecord.BytesMax], "x"u8);
        record.Text("v"u8, text);
        Assert.Equal(
            $"{{\"e\":\"x\",\"v\":\"{written}\"}}\n", Encoding.UTF8.GetString(record.End()));
    }

    [Fact]
    public void Any_bytes_make_a_whole_record() => Gen.Byte.Array[0, 3000].Array[0, 8].Sample(
        texts =>
        {
            JournalRecord record = new(new byte[JournalRecord.BytesMax], "x"u8);
            foreach (byte[] text in texts)
            {
                record.Text("v"u8, text);
                if (record.BeginList("w"u8))
                {
                    while (record.Item(text) && text.Length > 0)
                    {
                        // Until it is full.
                    }

                    record.EndList();
                }

                record.Number("n"u8, text.Length);
            }

            byte[] line = record.End().ToArray();
            Assert.True(line.Length <= JournalRecord.BytesMax);
            Assert.Equal(line.Length - 1, line.AsSpan().IndexOf((byte)'\n'));
            Assert.DoesNotContain(line[..^1], b => b is < 0x20 or 0x7F);
            using JsonDocument _ = JsonDocument.Parse(line);
        });

    [Fact]
    public void A_long_text_is_cut()
    {
        JournalRecord record = new(new byte[JournalRecord.BytesMax], "x"u8);
        record.Text("v"u8, new byte[5000].Select(_ => (byte)'a').ToArray());
        using JsonDocument json = JsonDocument.Parse(record.End().ToArray());
        Assert.Equal(
            new string('a', JournalRecord.TextBytesMax) + "…",
            json.RootElement.GetProperty("v").GetString());
    }
}

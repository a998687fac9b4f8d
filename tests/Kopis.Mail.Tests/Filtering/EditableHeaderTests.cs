using System.Buffers;
using System.Text;
using Kopis.Mail.Filtering;

namespace Kopis.Mail.Tests.Filtering;

/// <summary>A header as filters change it.</summary>
public sealed class EditableHeaderTests
{
    private const string Plain = "A: 1\nB: 2\n 3\na: 4\n\nbody\n";

    [Theory]
    [InlineData(Plain, 3, "body\n", true)]
    [InlineData("A: 1\n", 1, "", false)]
    [InlineData("A: 1", 1, "", false)]
    [InlineData("\nbody", 0, "body", true)]
    [InlineData("", 0, "", false)]
    [InlineData("no field\nA: 1\n", 0, "no field\nA: 1\n", false)]
    [InlineData("A: 1\nno field", 1, "no field", false)]
    [InlineData(" folded at first\nA: 1\n", 0, " folded at first\nA: 1\n", false)]
    [InlineData("A : 1\n:x\n", 1, ":x\n", false)]
    public void It_ends_where_the_queue_says(string text, int fields, string body, bool hasEnd)
    {
        EditableHeader header = Parse(text);
        Assert.Equal(fields, header.Fields.Count);
        Assert.Equal(body, text[header.BodyStart..]);
        Assert.Equal(hasEnd, header.HasEnd);
    }

    [Fact]
    public void It_is_read_only_where_all_of_it_is_there()
    {
        for (int cut = 0; cut < Plain.Length; cut++)
        {
            EditableHeader? header = EditableHeader.Parse(
                Encoding.Latin1.GetBytes(Plain[..cut]), isAll: false);
            Assert.Equal(cut >= Plain.IndexOf("\n\n", StringComparison.Ordinal) + 2,
                header is not null);
        }
    }

    [Fact]
    public void One_of_too_many_fields_is_none() => Assert.Null(EditableHeader.Parse(
        Encoding.Latin1.GetBytes(string.Concat(Enumerable.Repeat("A: 1\n", 1001))), isAll: true));

    [Theory]
    [InlineData(FieldEditKind.Add, 0, "X", "y", "A: 1\nB: 2\n 3\na: 4\nX: y\n\n")]
    [InlineData(FieldEditKind.Insert, 0, "X", "y", "X: y\nA: 1\nB: 2\n 3\na: 4\n\n")]
    [InlineData(FieldEditKind.Insert, 2, "X", "y", "A: 1\nB: 2\n 3\nX: y\na: 4\n\n")]
    [InlineData(FieldEditKind.Insert, 9, "X", "y", "A: 1\nB: 2\n 3\na: 4\nX: y\n\n")]
    [InlineData(FieldEditKind.Change, 1, "A", "y", "A: y\nB: 2\n 3\na: 4\n\n")]
    [InlineData(FieldEditKind.Change, 2, "A", "y", "A: 1\nB: 2\n 3\nA: y\n\n")]
    [InlineData(FieldEditKind.Change, 3, "A", "y", "A: 1\nB: 2\n 3\na: 4\nA: y\n\n")]
    [InlineData(FieldEditKind.Change, 1, "b", "", "A: 1\na: 4\n\n")]
    [InlineData(FieldEditKind.Change, 2, "b", "", "A: 1\nB: 2\n 3\na: 4\n\n")]
    [InlineData(FieldEditKind.Add, 0, "X", "y\n z\r\nInjected: 1\n", "A: 1\nB: 2\n 3\na: 4\nX: y\n"
        + " z\n\tInjected: 1\n\n")]
    [InlineData(FieldEditKind.Add, 0, "X", "a\0b\rc", "A: 1\nB: 2\n 3\na: 4\nX: a bc\n\n")]
    public void A_change_changes_that_and_nothing_else(
        FieldEditKind kind, int index, string name, string value, string wanted)
    {
        EditableHeader header = Parse(Plain);
        header.Apply(FieldEdit.Make(
            kind, index, Encoding.Latin1.GetBytes(name), Encoding.Latin1.GetBytes(value),
            hasBlank: false)!);
        ArrayBufferWriter<byte> written = new();
        header.Write(written);
        Assert.Equal(wanted, Encoding.Latin1.GetString(written.WrittenSpan));
    }

    // Whoever sends the message would write a part of what the filter says of it.
    [Fact]
    public void A_body_that_begins_with_a_blank_does_not_go_on_a_new_field()
    {
        EditableHeader header = Parse(" folded at first\nA: 1\n");
        ArrayBufferWriter<byte> written = new();
        header.Write(written);
        Assert.Equal(0, written.WrittenCount);
        header.Apply(FieldEdit.Make(FieldEditKind.Insert, 0, [(byte)'X'], "y"u8, hasBlank: false)!);
        header.Write(written);
        Assert.Equal("X: y\n\n", Encoding.Latin1.GetString(written.WrittenSpan));
    }

    [Theory]
    [InlineData("")]
    [InlineData("A B")]
    [InlineData("A:")]
    [InlineData("A\nB")]
    [InlineData("\u00e4")]
    public void What_no_field_is_called_changes_nothing(string name) => Assert.Null(FieldEdit.Make(
        FieldEditKind.Add, 0, Encoding.Latin1.GetBytes(name), "y"u8, hasBlank: false));

    [Fact]
    public void Line_ends_go_both_ways_cut_anywhere()
    {
        byte[] stored = "a\n\nb\rc\r\r\nd"u8.ToArray();
        ArrayBufferWriter<byte> network = new();
        BodyLines.ToNetwork(stored, network);
        for (int cut = 1; cut <= network.WrittenCount; cut++)
        {
            BodyLines lines = new();
            ArrayBufferWriter<byte> back = new();
            for (int at = 0; at < network.WrittenCount; at += cut)
            {
                lines.ToStored(
                    network.WrittenSpan[at..Math.Min(at + cut, network.WrittenCount)], back);
            }

            lines.End(back);
            Assert.Equal(stored, back.WrittenSpan.ToArray());
        }
    }

    private static EditableHeader Parse(string text) =>
        EditableHeader.Parse(Encoding.Latin1.GetBytes(text), isAll: true)!;
}

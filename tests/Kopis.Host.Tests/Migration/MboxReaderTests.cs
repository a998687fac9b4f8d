using System.Text;
using Kopis.Host.Migration.Mailboxes;

namespace Kopis.Host.Tests.Migration;

public sealed class MboxReaderTests : IMboxSink
{
    private const string Mbox = """
        From joe@x Sat Jan  1 00:01:02 2000
        Subject: one
        Status: RO
        X-Status: AF
        X-UID: 7
         folded
        X-Keep: yes

        text
        From the middle of a paragraph

        >From here
        >>From there
        >Fromage

        From ann Sun Jan  2 00:00:00 2000
        Subject: two

        no line end after a blank

        From new Mon Jan  3 00:00:00 2000
        status: O
        Subject: three

        >From right after the header is text

        From empty Mon Jan  3 00:00:00 2000
        Subject: four

        From last Mon Jan  3 00:00:00 2000
        Subject: five

        """;

    private readonly StringBuilder _text = new();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4096)]
    public void Messages_flags_and_quotes(int cut)
    {
        Assert.True(Read(Encoding.Latin1.GetBytes(Mbox), cut));
        Assert.Equal(
            """
            {From joe@x Sat Jan  1 00:01:02 2000}
            Subject: one
            X-Keep: yes

            text
            From the middle of a paragraph

            From here
            >From there
            >Fromage
            {FRS}
            {From ann Sun Jan  2 00:00:00 2000}
            Subject: two

            no line end after a blank
            {-}
            {From new Mon Jan  3 00:00:00 2000}
            Subject: three

            From right after the header is text
            {}
            {From empty Mon Jan  3 00:00:00 2000}
            Subject: four

            {-}
            {From last Mon Jan  3 00:00:00 2000}
            Subject: five
            {-}

            """,
            _text.ToString());
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("From x\n", true)]
    [InlineData("From x", true)]
    [InlineData("\n", false)]
    [InlineData("Subject: x\n\nFrom y\n", false)]
    [InlineData("from x\n", false)]
    public void What_begins_otherwise_is_no_mbox(string text, bool isMbox) =>
        Assert.Equal(isMbox, Read(Encoding.Latin1.GetBytes(text), 4096));

    [Fact]
    public void A_line_of_any_length_is_kept()
    {
        string line = new('x', 200_000);
        Assert.True(Read(Encoding.Latin1.GetBytes($"From a\n\n{line}\nFrom {line}\n"), 5000));
        Assert.Equal($"{{From a}}\n\n{line}\nFrom {line}\n{{-}}\n", _text.ToString());
    }

    void IMboxSink.Begin(ReadOnlySpan<byte> separator) =>
        _text.Append('{').Append(Encoding.Latin1.GetString(separator)).Append("}\n");

    void IMboxSink.Write(ReadOnlySpan<byte> bytes) =>
        _text.Append(Encoding.Latin1.GetString(bytes));

    void IMboxSink.End(string? flags) => _text.Append('{').Append(flags ?? "-").Append("}\n");

    private bool Read(byte[] mbox, int cut)
    {
        MboxReader reader = new(this);
        for (int at = 0; at < mbox.Length; at += cut)
        {
            if (!reader.Write(mbox.AsSpan(at, Math.Min(cut, mbox.Length - at))))
            {
                return false;
            }
        }

        return reader.End();
    }
}

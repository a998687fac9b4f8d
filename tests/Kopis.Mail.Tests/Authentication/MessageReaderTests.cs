using System.Text;
using CsCheck;
using Kopis.Mail.Authentication;

namespace Kopis.Mail.Tests.Authentication;

public class MessageReaderTests
{
    private const string Message =
        "Received: a\n\tb\nSubject : c\n\nbody\n..\n\nend\n";

    [Fact]
    public void Fields_keep_their_folds_and_lines_end_in_crlf()
    {
        Recorded got = Recorded.Read(Encoding.Latin1.GetBytes(Message));
        Assert.Equal(
            ["Received: a\r\n\tb", "Subject : c"],
            got.Header.Fields.Select(field => Encoding.Latin1.GetString(field.Raw.Span)));
        Assert.Equal("Subject", Encoding.Latin1.GetString(got.Header.Fields[1].Name));
        Assert.Equal(" c", Encoding.Latin1.GetString(got.Header.Fields[1].Value));
        Assert.Equal("body\r\n..\r\n\r\nend\r\n", got.Body);
        Assert.False(got.Header.IsBroken);
    }

    [Theory]
    [InlineData("A: b\r\n\r\nx\r\n", "x\r\n")]
    [InlineData("A: b\n\nx\n", "x\r\n")]
    [InlineData("A: b\r\rx\r", "x\r\n")]
    [InlineData("A: b\n\nx", "x\r\n")]
    [InlineData("A: b\n\nx\ry\nz\r\n", "x\r\ny\r\nz\r\n")]
    [InlineData("A: b\n\nx\r\r\ny", "x\r\n\r\ny\r\n")]
    [InlineData("A: b\n", "")]
    [InlineData("A: b", "")]
    [InlineData("A: b\n\n", "")]
    [InlineData("A: b\n\n\n", "\r\n")]
    public void Every_line_end_is_one_crlf_as_it_is_sent(string message, string body)
    {
        Recorded got = Recorded.Read(Encoding.Latin1.GetBytes(message));
        Assert.Single(got.Header.Fields);
        Assert.Equal(body, got.Body);
        ArrayBufferWriterCheck(message, got.Body);
    }

    /// <summary>What is signed is what qmail-remote sends.</summary>
    private static void ArrayBufferWriterCheck(string message, string body)
    {
        System.Buffers.ArrayBufferWriter<byte> sent = new();
        Kopis.Mail.SmtpClient.SmtpBodyEncoder encoder = new(isChunked: true);
        encoder.Encode(Encoding.Latin1.GetBytes(message), sent);
        encoder.Finish(sent);
        string text = Encoding.Latin1.GetString(sent.WrittenSpan);
        Assert.EndsWith(body, text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("A: b\nno field\nC: d\n\nx\n", 1, "no field\r\nC: d\r\n\r\nx\r\n")]
    [InlineData(" folded: first\n\nx\n", 0, " folded: first\r\n\r\nx\r\n")]
    [InlineData("two words: x\n\n", 0, "two words: x\r\n\r\n")]
    [InlineData(": x\n\n", 0, ": x\r\n\r\n")]
    [InlineData("From mbox\n\n", 0, "From mbox\r\n\r\n")]
    [InlineData("n\xe4me: x\n\n", 0, "n\xe4me: x\r\n\r\n")]
    public void A_line_that_is_no_field_begins_the_body(string message, int fields, string body)
    {
        Recorded got = Recorded.Read(Encoding.Latin1.GetBytes(message));
        Assert.Equal(fields, got.Header.Fields.Count);
        Assert.True(got.Header.IsBroken);
        Assert.Equal(body, got.Body);
    }

    [Fact]
    public void Cuts_do_not_matter() =>
        Pieces.Of("A: b", "\r", "\n", "\r\n", " ", "\t", "x", ":", "", "\n\n")
            .Array[0, 20].Select(words => Encoding.Latin1.GetBytes(string.Concat(words)))
            .Sample(message =>
            {
                Recorded whole = Recorded.Read(message);
                for (int cut = 0; cut <= message.Length; cut++)
                {
                    Recorded got = Recorded.Read(message[..cut], message[cut..]);
                    Assert.Equal(whole.Text, got.Text);
                }

                Assert.Equal(
                    whole.Text, Recorded.Read([.. message.Select(one => new[] { one })]).Text);
            });

    [Fact]
    public void A_header_over_the_limits_is_not_read()
    {
        foreach (string header in new[]
        {
            "A: " + new string('x', MessageReader.HeaderBytesMax) + "\n",
            string.Concat(Enumerable.Repeat("A: b\n", MessageReader.FieldsMax + 1)),
            "A: b\n" + string.Concat(Enumerable.Repeat("\n", 0))
                + string.Concat(Enumerable.Repeat(" \n", MessageReader.HeaderBytesMax / 3)),
        })
        {
            Recorded got = Recorded.Read(Encoding.Latin1.GetBytes(header + "\nbody\n"));
            Assert.True(got.Header.IsTooLarge);
            Assert.Empty(got.Header.Fields);
            Assert.Equal("", got.Body);
        }

        string most = string.Concat(Enumerable.Repeat("A: b\n", MessageReader.FieldsMax));
        Recorded fits = Recorded.Read(Encoding.Latin1.GetBytes(most + "\nbody\n"));
        Assert.False(fits.Header.IsTooLarge);
        Assert.Equal(MessageReader.FieldsMax, fits.Header.Fields.Count);
        Assert.Equal("body\r\n", fits.Body);
    }

    private sealed class Recorded : IMessageParts
    {
        private readonly StringBuilder _body = new();

        internal MessageHeader Header { get; private set; } = null!;

        internal string Body => _body.ToString();

        internal string Text => string.Join(
            '|', Header.Fields.Select(one => Encoding.Latin1.GetString(one.Raw.Span)))
            + $"|{Header.IsBroken}|{Body}";

        public void OnHeader(MessageHeader header)
        {
            Assert.Null(Header);
            Header = header;
        }

        public void OnBodyText(ReadOnlySpan<byte> text) =>
            _body.Append(Encoding.Latin1.GetString(text));

        public void OnBodyLineEnd() => _body.Append("\r\n");

        internal static Recorded Read(params byte[][] pieces)
        {
            Recorded recorded = new();
            MessageReader reader = new(recorded);
            foreach (byte[] piece in pieces)
            {
                reader.Read(piece);
            }

            reader.End();
            return recorded;
        }
    }
}

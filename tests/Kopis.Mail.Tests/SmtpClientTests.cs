using System.Buffers;
using System.Text;
using CsCheck;
using Kopis.Mail.SmtpClient;

namespace Kopis.Mail.Tests;

public sealed class SmtpClientTests
{
    [Theory]
    [InlineData("250 ok\r\n", 250, "250 ok\n")]
    [InlineData("250-a\r\n250-b\r\n550 c\r\n", 550, "250-a\n250-b\n550 c\n")]
    [InlineData("220\r\n", 220, "220\n")]
    [InlineData("250 nul\0\n", 250, "250 nul?\n")]
    [InlineData("hello\r\n", 999, "hello\n")]
    [InlineData("\r\n", 999, "\n")]
    public void A_reply_is_read_however_it_is_cut(string reply, int code, string text)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(reply + "354 next\r\n");
        for (int cut = 0; cut < reply.Length; cut++)
        {
            ReplyReader reader = new();
            int taken = reader.Read(bytes.AsSpan(0, cut));
            Assert.Equal(0, reader.Code);
            taken += reader.Read(bytes.AsSpan(taken));
            Assert.Equal(code, reader.Code);
            Assert.Equal(text, Encoding.ASCII.GetString(reader.Text));
            Assert.Equal(reply.Length, taken);
        }
    }

    [Fact]
    public void A_reply_without_end_is_noticed_and_little_of_it_kept()
    {
        ReplyReader reader = new();
        byte[] line = "250-and so on\r\n"u8.ToArray();
        for (int i = 0; i < 10_000 && !reader.IsEndless; i++)
        {
            reader.Read(line);
        }

        Assert.True(reader.IsEndless);
        Assert.Equal(0, reader.Code);
        Assert.True(reader.Text.Length <= ReplyReader.KeptBytesMax);
    }

    [Fact]
    public void Offers_are_words_of_lines_after_the_first()
    {
        Assert.Equal(
            new ServerOffers { Pipelining = true, Size = true, SizeMax = 1000 },
            ServerOffers.Parse("250-pipelining.example\n250-pipelining\n250 Size 1000\n"u8));
        Assert.Equal(default, ServerOffers.Parse("250 PIPELINING\n"u8));
    }

    [Theory]
    [InlineData("LIMITS RCPTMAX=10 MAILMAX=5", 10, 5)]
    [InlineData("limits mailmax=7 OTHER=1 X", 0, 7)]
    [InlineData("LIMITS RCPTMAX=0 MAILMAX=-1", 0, 0)]
    [InlineData("LIMITS RCPTMAX=99999999999999999999", 0, 0)]
    [InlineData("LIMITS RCPTMAX=9999999999", int.MaxValue, 0)]
    [InlineData("LIMITS RCPTMAX=5x", 0, 0)]
    [InlineData("LIMITS", 0, 0)]
    public void Limits_are_numbers_or_nothing(string line, int recipients, int messages)
    {
        ServerOffers offers = ServerOffers.Parse(Encoding.ASCII.GetBytes($"250-x\n250 {line}\n"));
        Assert.Equal((recipients, messages), (offers.RecipientsMax, offers.MessagesMax));
    }

    [Theory]
    [InlineData("250-a\r\n550-b\r\n250 c\r\n", true)]
    [InlineData("250-a\r\n250 c\r\n", false)]
    [InlineData("354-a\r\n250 c\r\n", true)]
    [InlineData("x\r\n", false)]
    public void A_reply_has_one_code(string reply, bool isMixed)
    {
        ReplyReader reader = new();
        reader.Read(Encoding.ASCII.GetBytes(reply));
        Assert.Equal(isMixed, reader.IsMixed);
        reader.Reset();
        reader.Read("250 ok\r\n"u8);
        Assert.False(reader.IsMixed);
    }

    [Theory]
    [InlineData("", 0, false, false, false)]
    [InlineData("a\n\nb\n", 8, false, false, false)]
    [InlineData("a\r\nb\rc\n", 9, false, false, false)]
    [InlineData("a\n\n\u00e9\n", 8, true, false, false)]
    [InlineData("\u00e9\n\nb\n", 8, true, true, false)]
    [InlineData("a\r\n\r\n\u00e9\n", 8, true, false, false)]
    [InlineData("a\n\0\n", 6, false, false, true)]
    public void Traits_are_those_of_the_whole_message_however_it_is_cut(
        string text, long wireBytes, bool eightBits, bool eightBitHeader, bool binary)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        for (int cut = 1; cut <= bytes.Length + 1; cut++)
        {
            MessageTraits traits = new();
            for (int at = 0; at < bytes.Length; at += cut)
            {
                traits.Read(bytes.AsSpan(at, Math.Min(cut, bytes.Length - at)));
            }

            Assert.Equal(
                (wireBytes, eightBits, eightBitHeader, binary),
                (traits.WireBytes, traits.HasEightBits, traits.HasEightBitHeader,
                    traits.IsBinary));
        }
    }

    [Fact]
    public void A_line_over_998_bytes_is_binary()
    {
        MessageTraits traits = new();
        traits.Read(Encoding.ASCII.GetBytes(new string('a', 998) + "\n"));
        Assert.False(traits.IsBinary);
        traits.Read(Encoding.ASCII.GetBytes(new string('a', 999)));
        Assert.True(traits.IsBinary);
    }

    [Fact]
    public void In_chunks_dots_are_left_alone_and_line_ends_are_not() =>
        Gen.Select(
            Gen.Char["a.\r\n"].Select(c => (byte)c).Array[0, 60], Gen.Int[1, 20]).Sample(input =>
        {
            (byte[] body, int cut) = input;
            string dotted = Encoding.ASCII.GetString(Encode(body, cut));
            string plain = string.Concat(dotted[..^3].Split("\r\n")[..^1]
                .Select(line => (line.StartsWith('.') ? line[1..] : line) + "\r\n"));
            Assert.Equal(plain, Encoding.ASCII.GetString(Encode(body, cut, isChunked: true)));
        });

    [Theory]
    [InlineData("", ".\r\n")]
    [InlineData("a\n", "a\r\n.\r\n")]
    [InlineData(".\n..\n", "..\r\n...\r\n.\r\n")]
    [InlineData("a\r\nb\rc\n", "a\r\nb\r\nc\r\n.\r\n")]
    [InlineData("\n.\n", "\r\n..\r\n.\r\n")]
    [InlineData("\r.\r", "\r\n..\r\n.\r\n")]
    public void A_body_is_sent_as_smtp_wants_it(string body, string sent) =>
        Assert.Equal(sent, Encoding.ASCII.GetString(Encode(Encoding.ASCII.GetBytes(body), 7)));

    [Fact]
    public void Whatever_comes_in_no_bare_line_end_goes_out_and_the_text_comes_back() =>
        Gen.Select(
            Gen.Char["a.\r\n"].Select(c => (byte)c).Array[0, 60], Gen.Int[1, 20]).Sample(input =>
        {
            (byte[] body, int cut) = input;
            string sent = Encoding.ASCII.GetString(Encode(body, cut));
            Assert.DoesNotContain('\r', sent.Replace("\r\n", "", StringComparison.Ordinal));
            Assert.DoesNotContain('\n', sent.Replace("\r\n", "", StringComparison.Ordinal));
            Assert.EndsWith(".\r\n", sent, StringComparison.Ordinal);
            Assert.DoesNotContain("\r\n.\r\n", sent[..^3], StringComparison.Ordinal);
            string back = string.Concat(sent[..^3].Split("\r\n")[..^1]
                .Select(line => (line.StartsWith('.') ? line[1..] : line) + "\n"));
            string wanted = Encoding.ASCII.GetString(body)
                .Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
            Assert.Equal(wanted.Length > 0 && wanted[^1] != '\n' ? wanted + "\n" : wanted, back);
        });

    private static byte[] Encode(byte[] body, int cut, bool isChunked = false)
    {
        SmtpBodyEncoder encoder = new(isChunked);
        ArrayBufferWriter<byte> to = new();
        for (int i = 0; i < body.Length; i += cut)
        {
            encoder.Encode(body.AsSpan(i, Math.Min(cut, body.Length - i)), to);
        }

        encoder.Finish(to);
        return to.WrittenSpan.ToArray();
    }
}

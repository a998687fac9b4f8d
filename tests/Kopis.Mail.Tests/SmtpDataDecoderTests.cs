using System.Buffers;
using System.Text;
using CsCheck;
using Kopis.Mail.Smtp;

namespace Kopis.Mail.Tests;

public class SmtpDataDecoderTests
{
    [Theory]
    [InlineData(".\r\n", "", "")]
    [InlineData("a\r\n.\r\n", "a\n", "")]
    [InlineData("a\r\n.\r\nQUIT\r\n", "a\n", "QUIT\r\n")]
    [InlineData("..\r\n.\r\n", ".\n", "")]
    [InlineData("...\r\n..x\r\n.y\r\n.\r\n", "..\n.x\ny\n", "")]
    [InlineData("\r\n\r\n.\r\n", "\n\n", "")]
    [InlineData("a.\r\n.\r\n", "a.\n", "")]
    [InlineData("nul\0nul\r\n\0.\r\n.\r\n", "nul\0nul\n\0.\n", "")]
    [InlineData(".\0\r\n.\r\n", "\0\n", "")]
    [InlineData("\xff\xfe\r\n.\r\n", "\xff\xfe\n", "")]
    public void Dots_are_undone_and_the_dot_line_ends(string sent, string stored, string rest)
    {
        for (int cut = 1; cut <= sent.Length; cut++)
        {
            (SmtpDataStatus status, string got, string left) = Decode(sent, cut);
            Assert.Equal(SmtpDataStatus.End, status);
            Assert.Equal(stored, got);
            Assert.Equal(rest, left);
        }
    }

    [Theory] // Hostile-input class 1, and each lone CR or LF by itself.
    [InlineData("\n")]
    [InlineData("\n.\n")]
    [InlineData("\n.\r\n")]
    [InlineData("\r\n.\n")]
    [InlineData("\r.\r")]
    [InlineData("\r\n.\r")]
    [InlineData("\r.\r\n")]
    [InlineData("\n.\r")]
    [InlineData("\r\r\n.\r\r\n")]
    [InlineData("\r\n\n")]
    [InlineData("\rx")]
    [InlineData("\r\n.\rx")]
    [InlineData("\r\n\rx")]
    public void A_lone_line_end_is_refused_at_any_cut(string sequence)
    {
        string sent = "body" + sequence + "MAIL FROM:<x>\r\n.\r\n";
        for (int cut = 1; cut <= sent.Length; cut++)
        {
            Assert.Equal(SmtpDataStatus.StrayLineEnd, Decode(sent, cut).Status);
        }
    }

    [Theory] // Not line ends at all: they stay in the one message.
    [InlineData("\r\n\0.\r\n")]
    [InlineData("\r\n.\0\r\n")]
    public void A_nul_does_not_hide_a_dot(string sequence)
    {
        string sent = "body" + sequence + "MAIL FROM:<x>\r\n.\r\n";
        (SmtpDataStatus status, string got, string left) = Decode(sent, 1);
        Assert.Equal(SmtpDataStatus.End, status);
        Assert.EndsWith("MAIL FROM:<x>\n", got, StringComparison.Ordinal);
        Assert.Equal("", left);
    }

    [Fact]
    public void A_very_long_line_passes()
    {
        string line = new('x', 200_000);
        Assert.Equal(line + "\n", Decode(line + "\r\n.\r\n", 4096).Stored);
    }

    [Fact]
    public void Equals_the_reference_at_random_cuts()
    {
        string[] pieces = ["\r\n", ".", "a", "bc", "\r\n", "\r\n.", "\0", "\r\n.\r\n", "\r", "\n"];
        Gen<string> text = Gen.Int[0, pieces.Length - 1].Array[0, 12]
            .Select(picks => string.Concat(picks.Select(pick => pieces[pick])));
        Gen.Select(text, Gen.Int[1, 9]).Sample((sent, cut) =>
        {
            (SmtpDataStatus status, string stored, string rest) = Decode(sent, cut);
            (SmtpDataStatus status, string stored, string rest) wanted = Reference(sent);
            return status == wanted.status
                && (status == SmtpDataStatus.StrayLineEnd
                    || (stored == wanted.stored && rest == wanted.rest));
        }, iter: 5000);
    }

    // Says the rules once more, with the whole input at hand and no state.
    private static (SmtpDataStatus, string, string) Reference(string sent)
    {
        int end = ("\r\n" + sent).IndexOf("\r\n.\r\n", StringComparison.Ordinal);
        string body = end < 0 ? sent : sent[..end];
        string judged = body.Replace("\r\n", "", StringComparison.Ordinal);
        if (end < 0 && body.EndsWith('\r'))
        {
            judged = judged[..^1]; // Its LF may still come.
            body = body[..^1];
        }

        if (judged.AsSpan().ContainsAny('\r', '\n'))
        {
            return (SmtpDataStatus.StrayLineEnd, "", "");
        }

        IEnumerable<string> lines = body.Split("\r\n")
            .Select(line => line.StartsWith('.') ? line[1..] : line);
        return (
            end < 0 ? SmtpDataStatus.More : SmtpDataStatus.End,
            string.Join('\n', lines),
            end < 0 ? "" : sent[(end + 3)..]);
    }

    private static (SmtpDataStatus Status, string Stored, string Left) Decode(string sent, int cut)
    {
        SmtpDataDecoder decoder = new();
        ArrayBufferWriter<byte> to = new();
        byte[] bytes = Encoding.Latin1.GetBytes(sent);
        for (int at = 0; at < bytes.Length; at += cut)
        {
            ReadOnlySpan<byte> piece = bytes.AsSpan(at, Math.Min(cut, bytes.Length - at));
            SmtpDataStatus status = decoder.Decode(piece, to, out int used);
            if (status != SmtpDataStatus.More)
            {
                return (status, Encoding.Latin1.GetString(to.WrittenSpan), sent[(at + used)..]);
            }

            Assert.Equal(piece.Length, used);
        }

        return (SmtpDataStatus.More, Encoding.Latin1.GetString(to.WrittenSpan), "");
    }
}

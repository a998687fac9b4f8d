using System.Buffers;
using System.Text;
using CsCheck;
using Kopis.Mail.Pop3;

namespace Kopis.Mail.Tests;

public class Pop3MessageEncoderTests
{
    private static readonly Gen<byte[]> Files =
        Gen.Int[0, 4].Select(i => ".\n\ra\0"u8[i]).Array[0, 40];

    [Fact]
    public void What_a_client_unstuffs_is_the_file() =>
        Gen.Select(Files, Gen.Int[1, 9]).Sample((file, cut) =>
        {
            byte[] expected = file is [] or [.., (byte)'\n'] ? file : [.. file, (byte)'\n'];
            return Unstuff(Encode(file, null, cut)).AsSpan().SequenceEqual(expected);
        });

    [Fact]
    public void Top_is_a_beginning_of_the_whole() =>
        Gen.Select(Files, Gen.Int[0, 5], Gen.Int[1, 9]).Sample((file, lines, cut) =>
        {
            byte[] top = Unstuff(Encode(file, lines, cut));
            byte[] whole = Unstuff(Encode(file, null, cut));
            string text = Encoding.Latin1.GetString(whole);
            int blank = ("\n" + text).IndexOf("\n\n", StringComparison.Ordinal);
            int body = blank < 0 ? text.Length : blank + 1;
            int linesThere = top.AsSpan(Math.Min(body, top.Length)).Count((byte)'\n');
            int linesInAll = whole.AsSpan(body).Count((byte)'\n');
            return whole.AsSpan().StartsWith(top) && top.Length >= body
                && linesThere == Math.Min(lines, linesInAll);
        });

    [Theory]
    [InlineData("", "\r\n.\r\n")]
    [InlineData("\n", "\r\n\r\n.\r\n")]
    [InlineData(".", "..\r\n\r\n.\r\n")]
    [InlineData("a\n.\n", "a\r\n..\r\n\r\n.\r\n")]
    [InlineData("a\r\n", "a\r\r\n\r\n.\r\n")]
    public void One_more_line_end_stands_before_the_dot(string file, string sent) =>
        Assert.Equal(
            sent, Encoding.Latin1.GetString(Encode(Encoding.Latin1.GetBytes(file), null, 1)));

    private static byte[] Encode(byte[] file, long? lines, int cut)
    {
        ArrayBufferWriter<byte> to = new();
        Pop3MessageEncoder encoder = new(lines);
        for (int at = 0; at < file.Length; at += cut)
        {
            if (!encoder.Write(file.AsSpan(at, Math.Min(cut, file.Length - at)), to))
            {
                break;
            }
        }

        encoder.Finish(to);
        return to.WrittenSpan.ToArray();
    }

    // As a client does: lines end in CRLF, the first lone dot ends the message. Qmail's extra line
    // is taken off.
    private static byte[] Unstuff(byte[] sent)
    {
        string[] lines = Encoding.Latin1.GetString(sent).Split("\r\n");
        int end = Array.IndexOf(lines, ".");
        Assert.Equal(lines.Length - 2, end);
        Assert.Equal("", lines[end - 1]);
        return Encoding.Latin1.GetBytes(string.Concat(lines[..(end - 1)].Select(
            line => (line.StartsWith('.') ? line[1..] : line) + "\n")));
    }
}

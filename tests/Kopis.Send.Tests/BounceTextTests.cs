using System.Buffers;
using System.Text;
using Kopis.Mail.Dsn;

namespace Kopis.Send.Tests;

public sealed class BounceTextTests
{
    private static readonly DateTimeOffset Time = new(2026, 11, 4, 5, 6, 7, TimeSpan.Zero);

    private static ReadOnlySpan<byte> MessageId => "<1@mx.example>"u8;

    [Fact]
    public void A_bounce_reads_as_qsbmf() => Assert.Equal(
        """
        Date: 4 Nov 2026 05:06:07 -0000
        From: MAILER-DAEMON@mx.example
        To: joe@a.example
        Subject: failure notice
        Message-ID: <1@mx.example>
        Auto-Submitted: auto-replied

        Hi. This is the qmail-send program at mx.example.
        I'm afraid I wasn't able to deliver your message to the following addresses.
        This is a permanent error; I've given up. Sorry it didn't work out.

        <bad@b.example>:
        No.
        /Really. (#5.1.1)

        --- Below this line is a copy of the message.

        Return-Path: <joe@a.example>

        """,
        Write(to =>
        {
            BounceText.WriteHead(
                to, Time, "MAILER-DAEMON"u8, "mx.example"u8, "joe@a.example"u8, MessageId,
                isDouble: false);
            BounceText.WriteParagraph(to, "bad@b.example"u8, "No.\n\nReally. (#5.1.1)"u8);
            BounceText.WriteSeparator(to, "joe@a.example"u8, isDouble: false);
        }));

    [Fact]
    public void A_double_bounce_says_so() => Assert.Equal(
        """
        Date: 4 Nov 2026 05:06:07 -0000
        From: MAILER-DAEMON@mx.example
        To: postmaster@mx.example
        Subject: failure notice
        Message-ID: <1@mx.example>
        Auto-Submitted: auto-replied

        Hi. This is the qmail-send program at mx.example.
        I tried to deliver a bounce message to this address, but the bounce bounced!

        --- Below this line is the original bounce.

        Return-Path: <>

        """,
        Write(to =>
        {
            BounceText.WriteHead(to, Time, "MAILER-DAEMON"u8, "mx.example"u8,
                "postmaster@mx.example"u8, MessageId, isDouble: true);
            BounceText.WriteSeparator(to, [], isDouble: true);
        }));

    /// <summary>To the letter as qmail-send's addbounce: from behind, each line end that follows
    /// one, but for the last byte.</summary>
    [Theory]
    [InlineData("", "")]
    [InlineData("\n", "\n")]
    [InlineData("\n\n", "/\n")]
    [InlineData("\nx", "/x\n")]
    [InlineData("a", "a\n")]
    [InlineData("a\n\n", "a\n\n")]
    [InlineData("a\n\n\n", "a\n/\n")]
    [InlineData("a\n\nb", "a\n/b\n")]
    [InlineData("a\n\n\nb\n", "a\n//b\n")]
    [InlineData("a\n\n\n\n\nb\n\n\nc", "a\n////b\n//c\n")]
    [InlineData("a\n \n\nb\r\n\r\n", "a\n \n/b\r\n\r\n")]
    public void Line_ends_in_a_row_are_written_as_qmail_writes_them(string report, string kept) =>
        Assert.Equal(
            $"<r@h>:\n{kept}\n",
            Write(to => BounceText.WriteParagraph(to, "r@h"u8, Encoding.ASCII.GetBytes(report))));

    [Theory]
    [InlineData("mx.example", "mx.example")]
    [InlineData("", "localhost")]
    [InlineData("a>b c\u00e9", "a_b_c_")]
    public void The_same_notice_has_the_same_message_id_and_another_has_another(
        string host, string domain)
    {
        string id = Id(1, 2, host, "report");
        Assert.Matches($"^<19700101000001\\.2\\.[0-9a-f]{{16}}\\.bounce@{domain}>$", id);
        Assert.Equal(id, Id(1, 2, host, "report"));
        string[] others =
        [
            Id(2, 2, host, "report"), Id(1, 3, host, "report"), Id(1, 2, host, "Report"),
            Id(1, 2, host, "re", "port"), Id(1, 2, host),
        ];
        Assert.Equal(6, others.Append(id).Distinct().Count());
    }

    private static string Id(long born, ulong number, string host, params string[] parts)
    {
        DsnId id = new();
        Array.ForEach(parts, part => id.Add(Encoding.ASCII.GetBytes(part)));
        return Encoding.Latin1.GetString(
            id.Format(born, number, Encoding.Latin1.GetBytes(host)));
    }

    [Fact]
    public void An_address_with_a_line_end_cannot_add_a_line()
    {
        string text = Write(to =>
        {
            BounceText.WriteHead(to, Time, "m"u8, "h"u8, "a\nBcc: x@y"u8, MessageId,
                isDouble: false);
            BounceText.WriteParagraph(to, "b\n--- Below"u8, "no\n"u8);
            BounceText.WriteSeparator(to, "c\nd@e"u8, isDouble: false);
        });
        Assert.DoesNotContain("\nBcc:", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\n--- Below>", text, StringComparison.Ordinal);
        Assert.Contains("<b_--- Below>:\n", text, StringComparison.Ordinal);
    }

    private static string Write(Action<ArrayBufferWriter<byte>> write)
    {
        ArrayBufferWriter<byte> to = new();
        write(to);
        return Encoding.ASCII.GetString(to.WrittenSpan);
    }
}

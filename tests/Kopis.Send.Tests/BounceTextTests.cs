using System.Buffers;
using System.Text;
using Kopis.Mail;

namespace Kopis.Send.Tests;

public sealed class BounceTextTests
{
    private static readonly DateTimeOffset Time = new(2026, 11, 4, 5, 6, 7, TimeSpan.Zero);

    [Fact]
    public void A_bounce_reads_as_qsbmf() => Assert.Equal(
        """
        Date: 4 Nov 2026 05:06:07 -0000
        From: MAILER-DAEMON@mx.example
        To: joe@a.example
        Subject: failure notice

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
                to, Time, "MAILER-DAEMON"u8, "mx.example"u8, "joe@a.example"u8, isDouble: false);
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

        Hi. This is the qmail-send program at mx.example.
        I tried to deliver a bounce message to this address, but the bounce bounced!

        --- Below this line is the original bounce.

        Return-Path: <>

        """,
        Write(to =>
        {
            BounceText.WriteHead(to, Time, "MAILER-DAEMON"u8, "mx.example"u8,
                "postmaster@mx.example"u8, isDouble: true);
            BounceText.WriteSeparator(to, [], isDouble: true);
        }));

    [Fact]
    public void An_address_with_a_line_end_cannot_add_a_line()
    {
        string text = Write(to =>
        {
            BounceText.WriteHead(to, Time, "m"u8, "h"u8, "a\nBcc: x@y"u8, isDouble: false);
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

using System.Buffers;
using System.Text;
using Kopis.Mail.Dsn;
using Kopis.Mail.Header;

namespace Kopis.Mail.Tests;

public sealed class NoticeTextTests
{
    [Theory]
    [InlineData("Remote host said: 550 5.1.1 no such\n", DsnAction.Failed, "5.1.1")]
    [InlineData("x (#5.1.2)\nRemote host said: 452-4.2.2 full\n", DsnAction.Delayed, "4.2.2")]
    [InlineData("Remote host said: 550 no\nSorry. (#5.1.3)\n", DsnAction.Failed, "5.1.3")]
    [InlineData("Sorry (#5.1.1) and (#4.4.1)\nlast words\n", DsnAction.Failed, "4.4.1")]
    [InlineData("Remote host said: 550", DsnAction.Failed, "5.0.0")]
    [InlineData("Remote host said: 550 5.1\n", DsnAction.Failed, "5.0.0")]
    [InlineData("Remote host said: 550 5.1.1.1\n", DsnAction.Failed, "5.0.0")]
    [InlineData("Remote host said: 550 3.1.1\n", DsnAction.Failed, "5.0.0")]
    [InlineData("Remote host said: 550 5.1234.1\n", DsnAction.Failed, "5.0.0")]
    [InlineData("", DsnAction.Delayed, "4.0.0")]
    [InlineData("did 1+0+0\n", DsnAction.Delivered, "2.0.0")]
    [InlineData("Remote host said: 250 2.1.5 ok\n", DsnAction.Relayed, "2.1.5")]
    public void A_status_is_the_servers_else_ours_else_the_class(
        string report, DsnAction action, string status) =>
        Assert.Equal(status, Encoding.Latin1.GetString(
            EnhancedStatus.Find(Encoding.Latin1.GetBytes(report), action)));

    [Fact]
    public void What_a_server_says_begins_no_new_field()
    {
        ArrayBufferWriter<byte> to = new();
        DsnText.WriteStatus(
            to, "a\nb@x"u8, "rfc822;a+20b@x"u8.ToArray(), DsnAction.Failed,
            "Remote host said: 550-5.1.1 x\nAction: delivered\r\n\u0007\u00e9 z\n"u8,
            DateTimeOffset.UnixEpoch);
        Assert.Equal(
            "\nOriginal-Recipient: rfc822; a b@x\nFinal-Recipient: rfc822; \"a\\ b\"@x\n"
            + "Action: failed\nStatus: 5.1.1\n"
            + "Diagnostic-Code: smtp; 550-5.1.1 x Action: delivered   ?? z\n",
            Encoding.Latin1.GetString(to.WrittenSpan));
    }

    [Fact]
    public void An_address_of_utf_8_is_escaped_and_a_delay_has_an_end()
    {
        ArrayBufferWriter<byte> to = new();
        DsnText.WriteStatus(
            to, "j\u00fcr+g@x"u8, null, DsnAction.Delayed, "Sorry. (#4.4.1)\n"u8,
            DateTimeOffset.UnixEpoch);
        Assert.Equal(
            "\nFinal-Recipient: utf-8; j\\x{FC}r\\x{2B}g@x\nAction: delayed\nStatus: 4.4.1\n"
            + "Diagnostic-Code: x-qmail; Sorry. (#4.4.1)\n"
            + "Will-Retry-Until: 1 Jan 1970 00:00:00 -0000\n",
            Encoding.Latin1.GetString(to.WrittenSpan));
    }

    [Theory]
    [InlineData("a: b\nc: d\n\nbody\n", "a: b\nc: d\n")]
    [InlineData("\nbody\n", "")]
    [InlineData("a: b\n", "a: b\n")]
    [InlineData("a: b", "a: b")]
    [InlineData("", "")]
    public void The_header_ends_before_the_empty_line_however_it_is_cut(
        string message, string header)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(message);
        for (int size = 1; size <= bytes.Length + 1; size++)
        {
            HeaderCut cut = new();
            string taken = "";
            for (int at = 0; at < bytes.Length; at += size)
            {
                ReadOnlySpan<byte> piece =
                    bytes.AsSpan(at, Math.Min(size, bytes.Length - at));
                taken += Encoding.Latin1.GetString(piece[..cut.Append(piece)]);
            }

            Assert.Equal(header, taken);
        }
    }
}

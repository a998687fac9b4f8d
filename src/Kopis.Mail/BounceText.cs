using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail;

/// <summary>The words of qmail-send's bounces: QSBMF (contract §6.5). Parsers rely on them.
/// </summary>
public static class BounceText
{
    /// <summary>The sender whose failures are discarded: a double bounce's.</summary>
    public static ReadOnlySpan<byte> DoubleBounceSender => "#@[]"u8;

    /// <summary>Header and first paragraph.</summary>
    /// <param name="to">Where the text goes.</param>
    /// <param name="time">The Date.</param>
    /// <param name="from">bouncefrom, unquoted, without host.</param>
    /// <param name="host">bouncehost.</param>
    /// <param name="recipient">Whom the bounce goes to.</param>
    /// <param name="isDouble">The failed message was itself a bounce.</param>
    public static void WriteHead(
        IBufferWriter<byte> to, DateTimeOffset time, ReadOnlySpan<byte> from,
        ReadOnlySpan<byte> host, ReadOnlySpan<byte> recipient, bool isDouble)
    {
        to.Write("Date: "u8);
        to.Write(ByteText.ToBytes(QmailDate.Rfc822(time)));
        to.Write("\nFrom: "u8);
        to.Write(AddressQuote.Quote([.. from, (byte)'@', .. host]));
        to.Write("\nTo: "u8);
        WriteLineSafe(to, AddressQuote.Quote(recipient));
        to.Write("\nSubject: failure notice\n\nHi. This is the qmail-send program at "u8);
        to.Write(host);
        to.Write(".\n"u8);
        if (isDouble)
        {
            to.Write("I tried to deliver a bounce message to this address, "u8);
            to.Write("but the bounce bounced!\n\n"u8);
            return;
        }

        to.Write("I'm afraid I wasn't able to deliver your message to the following "u8);
        to.Write("addresses.\nThis is a permanent error; I've given up. "u8);
        to.Write("Sorry it didn't work out.\n\n"u8);
    }

    /// <summary>The paragraph of one recipient, as it is kept in <c>queue/bounce/N</c>.</summary>
    public static void WriteParagraph(
        IBufferWriter<byte> to, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> report)
    {
        to.Write("<"u8);
        WriteLineSafe(to, recipient);
        to.Write(">:\n"u8);
        byte[] text = report is [.., not (byte)'\n']
            ? [.. report, (byte)'\n']
            : report.ToArray();
        byte before = (byte)'\n';
        for (int i = 0; i < text.Length - 1; i++)
        {
            // A blank line would end the paragraph, and at its start leave it without a reason.
            if (text[i] == (byte)'\n' && before == (byte)'\n')
            {
                text[i] = (byte)'/';
            }

            before = text[i];
        }

        to.Write(text);
        to.Write("\n"u8);
    }

    /// <summary>The separator before the copy of the message, and the copy's Return-Path.</summary>
    public static void WriteSeparator(
        IBufferWriter<byte> to, ReadOnlySpan<byte> sender, bool isDouble)
    {
        to.Write(isDouble
            ? "--- Below this line is the original bounce.\n\nReturn-Path: <"u8
            : "--- Below this line is a copy of the message.\n\nReturn-Path: <"u8);
        WriteLineSafe(to, AddressQuote.Quote(sender));
        to.Write(">\n"u8);
    }

    private static void WriteLineSafe(IBufferWriter<byte> to, ReadOnlySpan<byte> text)
    {
        Span<byte> span = to.GetSpan(Math.Max(1, text.Length));
        text.CopyTo(span);
        span[..text.Length].Replace((byte)'\n', (byte)'_');
        to.Advance(text.Length);
    }
}

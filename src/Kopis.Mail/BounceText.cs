using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail;

/// <summary>The words of qmail-send's bounces: QSBMF (contract §6.5). Parsers rely on them.
/// </summary>
public static class BounceText
{
    /// <summary>The sender whose failures are discarded: a double bounce's.</summary>
    public static ReadOnlySpan<byte> DoubleBounceSender => "#@[]"u8;

    /// <summary>The rest of the first paragraph.</summary>
    internal static ReadOnlySpan<byte> GivenUp =>
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"u8
        + "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"u8;

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
        WriteHeader(to, time, from, host, recipient);
        to.Write("Subject: failure notice\n\n"u8);
        WriteGreeting(to, host);
        to.Write(isDouble
            ? "I tried to deliver a bounce message to this address, "u8
            : GivenUp);
        to.Write(isDouble ? "but the bounce bounced!\n\n"u8 : []);
    }

    /// <summary>Date, From and To.</summary>
    internal static void WriteHeader(
        IBufferWriter<byte> to, DateTimeOffset time, ReadOnlySpan<byte> from,
        ReadOnlySpan<byte> host, ReadOnlySpan<byte> recipient)
    {
        to.Write("Date: "u8);
        to.Write(ByteText.ToBytes(QmailDate.Rfc822(time)));
        to.Write("\nFrom: "u8);
        to.Write(AddressQuote.Quote([.. from, (byte)'@', .. host]));
        to.Write("\nTo: "u8);
        WriteLineSafe(to, AddressQuote.Quote(recipient));
        to.Write("\n"u8);
    }

    /// <summary>Who speaks: programs know a QSBMF text by this.</summary>
    internal static void WriteGreeting(IBufferWriter<byte> to, ReadOnlySpan<byte> host)
    {
        to.Write("Hi. This is the qmail-send program at "u8);
        to.Write(host);
        to.Write(".\n"u8);
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
            ? "--- Below this line is the original bounce.\n\n"u8
            : "--- Below this line is a copy of the message.\n\n"u8);
        WriteReturnPath(to, sender);
    }

    /// <summary>The first line of a message that comes back.</summary>
    internal static void WriteReturnPath(IBufferWriter<byte> to, ReadOnlySpan<byte> sender)
    {
        to.Write("Return-Path: <"u8);
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

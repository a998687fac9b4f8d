using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Addresses;

namespace Kopis.Mail.Dsn;

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
    /// <param name="id">Its Message-ID.</param>
    /// <param name="isDouble">The failed message was itself a bounce.</param>
    public static void WriteHead(
        IBufferWriter<byte> to, DateTimeOffset time, ReadOnlySpan<byte> from,
        ReadOnlySpan<byte> host, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> id,
        bool isDouble)
    {
        WriteHeader(to, time, from, host, recipient, "failure notice"u8, id);
        to.Write("\n"u8);
        WriteGreeting(to, host);
        to.Write(isDouble
            ? "I tried to deliver a bounce message to this address, "u8
            : GivenUp);
        to.Write(isDouble ? "but the bounce bounced!\n\n"u8 : []);
    }

    /// <summary>The fields that every notice has: qmail's, in its order, and what RFC 5322 §3.6.4
    /// and RFC 3834 §5 ask for.</summary>
    internal static void WriteHeader(
        IBufferWriter<byte> to, DateTimeOffset time, ReadOnlySpan<byte> from,
        ReadOnlySpan<byte> host, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> subject,
        ReadOnlySpan<byte> id)
    {
        to.Write("Date: "u8);
        to.Write(ByteText.ToBytes(QmailDate.Rfc822(time)));
        to.Write("\nFrom: "u8);
        to.Write(AddressQuote.Quote([.. from, (byte)'@', .. host]));
        to.Write("\nTo: "u8);
        WriteLineSafe(to, AddressQuote.Quote(recipient));
        to.Write("\nSubject: "u8);
        to.Write(subject);
        to.Write("\nMessage-ID: "u8);
        to.Write(id);
        to.Write("\nAuto-Submitted: auto-replied\n"u8);
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

        // A blank line would end the paragraph, and at its start leave it without a reason. From
        // behind, as qmail does it: each line end but the first of a run.
        for (int i = text.Length - 2; i >= 0; i--)
        {
            if (text[i] == (byte)'\n' && (i == 0 || text[i - 1] == (byte)'\n'))
            {
                text[i] = (byte)'/';
            }
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

    /// <summary>Behind the beginning of a message that was too long to come back whole: at the end,
    /// since parsers take what follows the separator for its header.</summary>
    public static void WriteCut(IBufferWriter<byte> to, long bytes, long allBytes) =>
        to.Write(ByteText.ToBytes(
            $"\n--- The rest of the message is left out. It has {allBytes} bytes; these were the "
            + $"first {bytes}.\n"));

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

using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Addresses;

namespace Kopis.Mail.Dsn;

/// <summary>The text of qmail-send's bounces in QSBMF (contract §6.5), on which parsers rely.
/// </summary>
public static class BounceText
{
    /// <summary>The sender of double bounces, whose failures are discarded.</summary>
    public static ReadOnlySpan<byte> DoubleBounceSender => "#@[]"u8;

    /// <summary>The rest of the first paragraph.</summary>
    internal static ReadOnlySpan<byte> GivenUp =>
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"u8
        + "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"u8;

    /// <summary>Header and first paragraph.</summary>
    /// <param name="to">The output.</param>
    /// <param name="time">The time for Date.</param>
    /// <param name="from">bouncefrom, unquoted, without a host.</param>
    /// <param name="host">bouncehost.</param>
    /// <param name="recipient">The recipient of the bounce.</param>
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

    /// <summary>The fields of every notice: qmail's in its order, and those that RFC 5322 §3.6.4
    /// and RFC 3834 §5 require.</summary>
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

    /// <summary>The sentence by which programs recognise QSBMF.</summary>
    internal static void WriteGreeting(IBufferWriter<byte> to, ReadOnlySpan<byte> host)
    {
        to.Write("Hi. This is the qmail-send program at "u8);
        to.Write(host);
        to.Write(".\n"u8);
    }

    /// <summary>The paragraph about one recipient, in the form in which <c>queue/bounce/N</c> keeps
    /// it.</summary>
    public static void WriteParagraph(
        IBufferWriter<byte> to, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> report)
    {
        to.Write("<"u8);
        WriteLineSafe(to, recipient);
        to.Write(">:\n"u8);
        byte[] text = report is [.., not (byte)'\n']
            ? [.. report, (byte)'\n']
            : report.ToArray();

        // An empty line would end the paragraph, and at its start would leave it without a reason.
        // So each line end after the first of a run becomes a slash, from the end as in qmail.
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

    /// <summary>What follows the beginning of a message that was too long to be returned whole. It
    /// stands at the end, since parsers take what follows the separator for the message's header.
    /// </summary>
    public static void WriteCut(IBufferWriter<byte> to, long bytes, long allBytes) =>
        to.Write(ByteText.ToBytes(
            $"\n--- The rest of the message is left out. It has {allBytes} bytes; these were the "
            + $"first {bytes}.\n"));

    /// <summary>The first line of a returned message.</summary>
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

using System.Buffers;
using System.Globalization;
using System.Text;
using Kopis.Base;
using Kopis.Mail.Addresses;

namespace Kopis.Mail.Dsn;

/// <summary>Delivery status notices (RFC 3464) of three parts. The first part is qmail's own text,
/// so that programs that read QSBMF can read these too. All text is ours, as in a bounce.</summary>
public static class DsnText
{
    private const int FieldBytesMax = 900; // A line has 998 at most.

    /// <summary>The header, and the beginning of the first part.</summary>
    /// <param name="to">The output.</param>
    /// <param name="time">The time for Date.</param>
    /// <param name="from">bouncefrom, unquoted, without a host.</param>
    /// <param name="host">bouncehost.</param>
    /// <param name="recipient">The recipient of the notice.</param>
    /// <param name="id">Its Message-ID.</param>
    /// <param name="boundary">The boundary between the parts, which nobody could have predicted.
    /// </param>
    /// <param name="action">The subject of the notice; relayed counts as delivered.</param>
    public static void WriteHead(
        IBufferWriter<byte> to, DateTimeOffset time, ReadOnlySpan<byte> from,
        ReadOnlySpan<byte> host, ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> id,
        string boundary, DsnAction action)
    {
        ReadOnlySpan<byte> subject = action switch
        {
            DsnAction.Failed => "failure notice"u8,
            DsnAction.Delayed => "delay notice"u8,
            _ => "delivery notice"u8,
        };
        BounceText.WriteHeader(to, time, from, host, recipient, subject, id);
        to.Write("MIME-Version: 1.0\n"u8);
        to.Write("Content-Type: multipart/report; report-type=delivery-status;\n"u8);
        to.Write(ByteText.ToBytes($"\tboundary=\"{boundary}\"\n"));
        to.Write("Content-Transfer-Encoding: 8bit\n\n"u8);
        WritePart(to, boundary, "text/plain; charset=utf-8"u8);
        BounceText.WriteGreeting(to, host);
        to.Write(action switch
        {
            DsnAction.Failed => BounceText.GivenUp,
            DsnAction.Delayed => "I haven't been able to deliver your message to the "u8,
            _ => "I have delivered your message, or handed it on, for the "u8,
        });
        to.Write(action switch
        {
            DsnAction.Failed => [],
            DsnAction.Delayed =>
                "following\naddresses so far. I'll keep trying; you need not do anything.\n\n"u8,
            _ => "following addresses.\n\n"u8,
        });
    }

    /// <summary>The end of the first part.</summary>
    /// <param name="to">The output.</param>
    /// <param name="isWhole">Whether the whole message follows, not only its header.</param>
    /// <param name="tooManyBytes">The length of a message that is too long to follow; otherwise
    /// null.</param>
    public static void WriteEndOfText(
        IBufferWriter<byte> to, bool isWhole, long? tooManyBytes)
    {
        to.Write(isWhole
            ? "--- A copy of the message is the last part of this one.\n"u8
            : "--- The header of the message is the last part of this one.\n"u8);
        if (tooManyBytes is { } bytes)
        {
            to.Write(ByteText.ToBytes(
                $"The rest is left out: the message has {bytes} bytes.\n"));
        }

        to.Write("\n"u8);
    }

    /// <summary>The beginning of the second part.</summary>
    /// <param name="to">The output.</param>
    /// <param name="boundary">The same boundary as in the header.</param>
    /// <param name="host">The reporting host.</param>
    /// <param name="envelopeId">ENVID, as xtext; null if there was none.</param>
    /// <param name="arrived">When the message came.</param>
    public static void WriteStatusHead(
        IBufferWriter<byte> to, string boundary, ReadOnlySpan<byte> host, byte[]? envelopeId,
        DateTimeOffset arrived)
    {
        WritePart(to, boundary, "message/delivery-status"u8);
        to.Write("Reporting-MTA: dns; "u8);
        WriteField(to, host);
        if (envelopeId is not null)
        {
            to.Write("Original-Envelope-Id: "u8);
            WriteField(to, XText.Decode(envelopeId));
        }

        to.Write("Arrival-Date: "u8);
        WriteField(to, ByteText.ToBytes(QmailDate.Rfc822(arrived)));
    }

    /// <summary>The fields of one recipient.</summary>
    /// <param name="to">The output.</param>
    /// <param name="address">The recipient as we know it.</param>
    /// <param name="original">ORCPT, <c>type;xtext</c>; null if there was none.</param>
    /// <param name="action">What happened to the recipient.</param>
    /// <param name="report">The spawner's report.</param>
    /// <param name="retryUntil">For a delay, when it will be given up.</param>
    public static void WriteStatus(
        IBufferWriter<byte> to, ReadOnlySpan<byte> address, byte[]? original,
        DsnAction action, ReadOnlySpan<byte> report, DateTimeOffset retryUntil)
    {
        to.Write("\n"u8);
        if (original is not null)
        {
            int semicolon = original.AsSpan().IndexOf((byte)';');
            to.Write("Original-Recipient: "u8);
            to.Write(original.AsSpan(0, semicolon + 1));
            to.Write(" "u8);
            WriteField(to, XText.Decode(original.AsSpan(semicolon + 1)));
        }

        to.Write(Ascii.IsValid(address) ? "Final-Recipient: rfc822; "u8
            : "Final-Recipient: utf-8; "u8);
        WriteField(to, Ascii.IsValid(address) ? AddressQuote.Quote(address) : Escape(address));
        to.Write("Action: "u8);
        WriteField(to, ByteText.ToBytes(action.ToString().ToLowerInvariant()));
        to.Write("Status: "u8);
        WriteField(to, EnhancedStatus.Find(report, action));
        if (action is DsnAction.Failed or DsnAction.Delayed)
        {
            WriteDiagnostic(to, report);
        }

        if (action == DsnAction.Delayed)
        {
            to.Write("Will-Retry-Until: "u8);
            WriteField(to, ByteText.ToBytes(QmailDate.Rfc822(retryUntil)));
        }
    }

    /// <summary>The beginning of the third part.</summary>
    public static void WriteMessageHead(
        IBufferWriter<byte> to, string boundary, bool isWhole, bool utf8,
        ReadOnlySpan<byte> sender)
    {
        to.Write("\n"u8);
        WritePart(to, boundary, (isWhole, utf8) switch
        {
            (true, true) => "message/global"u8,
            (true, false) => "message/rfc822"u8,
            (false, true) => "message/global-headers"u8,
            _ => "text/rfc822-headers"u8,
        });
        BounceText.WriteReturnPath(to, sender);
    }

    /// <summary>After the message.</summary>
    public static void WriteEnd(IBufferWriter<byte> to, string boundary) =>
        to.Write(ByteText.ToBytes($"\n--{boundary}--\n"));

    private static void WritePart(
        IBufferWriter<byte> to, string boundary, ReadOnlySpan<byte> type)
    {
        to.Write(ByteText.ToBytes($"--{boundary}\nContent-Type: "));
        to.Write(type);

        // RFC 3464 §2.1 requires 7 bits for the status part, which it has.
        to.Write(type.SequenceEqual("message/delivery-status"u8)
            ? "\n\n"u8
            : "\nContent-Transfer-Encoding: 8bit\n\n"u8);
    }

    private static void WriteDiagnostic(IBufferWriter<byte> to, ReadOnlySpan<byte> report)
    {
        int said = report.IndexOf(EnhancedStatus.RemoteWords);
        to.Write(said >= 0 ? "Diagnostic-Code: smtp; "u8 : "Diagnostic-Code: x-qmail; "u8);
        WriteField(
            to, said >= 0 ? report[(said + EnhancedStatus.RemoteWords.Length)..] : report);
    }

    /// <summary>One line of printable ASCII, whatever the text is.</summary>
    private static void WriteField(IBufferWriter<byte> to, ReadOnlySpan<byte> text)
    {
        text = text.TrimEnd("\r\n "u8);
        foreach (byte b in text[..Math.Min(FieldBytesMax, text.Length)])
        {
            to.WriteByte(b switch
            {
                < 32 => (byte)' ',
                > 126 => (byte)'?',
                _ => b,
            });
        }

        to.Write("\n"u8);
    }

    /// <summary>The utf-8-addr-xtext of RFC 6533 §3.</summary>
    private static byte[] Escape(ReadOnlySpan<byte> address)
    {
        StringBuilder text = new();
        foreach (Rune rune in Encoding.UTF8.GetString(address).EnumerateRunes())
        {
            bool isPlain = rune.Value is > 32 and < 127 and not '+' and not '=' and not '\\';
            text.Append(isPlain
                ? rune.ToString()
                : string.Create(CultureInfo.InvariantCulture, $"\\x{{{rune.Value:X2}}}"));
        }

        return ByteText.ToBytes(text.ToString());
    }
}

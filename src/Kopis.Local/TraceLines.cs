using Kopis.Base;
using Kopis.Mail;

namespace Kopis.Local;

/// <summary>The lines that a delivery puts before the message (contract §3), each with its LF.
/// </summary>
internal sealed class TraceLines
{
    internal TraceLines(LocalArguments arguments, DateTimeOffset now)
    {
        ReadOnlySpan<byte> sender = arguments.Sender;
        Recipient = [.. arguments.Local, (byte)'@', .. arguments.Domain];
        ReturnPath = Line([.. "Return-Path: <"u8, .. AddressQuote.Quote(sender), (byte)'>']);
        DeliveredTo = Line([.. "Delivered-To: "u8, .. Recipient]);
        byte[] from = sender.IsEmpty ? "MAILER-DAEMON"u8.ToArray() : sender.ToArray();
        foreach (byte blank in " \t\n"u8)
        {
            from.AsSpan().Replace(blank, (byte)'-');
        }

        From = [.. "From "u8, .. from, (byte)' ', .. ByteText.ToBytes(QmailDate.MboxFrom(now)),
            (byte)'\n'];
    }

    /// <summary>local@host.</summary>
    internal byte[] Recipient { get; }

    /// <summary>RPLINE.</summary>
    internal byte[] ReturnPath { get; }

    /// <summary>DTLINE.</summary>
    internal byte[] DeliveredTo { get; }

    /// <summary>UFLINE.</summary>
    internal byte[] From { get; }

    private static byte[] Line(byte[] text)
    {
        text.AsSpan().Replace((byte)'\n', (byte)'_');
        return [.. text, (byte)'\n'];
    }
}

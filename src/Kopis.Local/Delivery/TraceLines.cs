using Kopis.Base;
using Kopis.Mail.Addresses;

namespace Kopis.Local.Delivery;

/// <summary>The lines that a delivery puts before a message, each with its LF (contract §3).
/// </summary>
internal sealed class TraceLines(ReadOnlySpan<byte> sender, byte[] recipient, DateTimeOffset time)
{
    /// <summary><c>Return-Path: &lt;SENDER&gt;</c>, quoted.</summary>
    internal byte[] ReturnPath { get; } =
        [.. "Return-Path: <"u8, .. WithoutLineEnds(AddressQuote.Quote(sender)), .. ">\n"u8];

    /// <summary><c>Delivered-To: LOCAL@HOST</c>, not quoted.</summary>
    internal byte[] DeliveredTo { get; } =
        [.. "Delivered-To: "u8, .. WithoutLineEnds(recipient), .. "\n"u8];

    /// <summary>The From_ line of an mbox.</summary>
    internal byte[] MboxFrom { get; } =
    [
        .. "From "u8, .. sender.IsEmpty ? "MAILER-DAEMON"u8 : WithoutBlanks(sender),
        .. ByteText.ToBytes($" {QmailDate.MboxFrom(time)}\n"),
    ];

    private static ReadOnlySpan<byte> WithoutLineEnds(ReadOnlySpan<byte> text)
    {
        byte[] line = text.ToArray();
        line.AsSpan().Replace((byte)'\n', (byte)'_');
        return line;
    }

    private static ReadOnlySpan<byte> WithoutBlanks(ReadOnlySpan<byte> text)
    {
        byte[] word = text.ToArray();
        word.AsSpan().Replace((byte)' ', (byte)'-');
        word.AsSpan().Replace((byte)'\t', (byte)'-');
        word.AsSpan().Replace((byte)'\n', (byte)'-');
        return word;
    }
}

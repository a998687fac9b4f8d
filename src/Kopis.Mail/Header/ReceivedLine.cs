using System.Buffers;
using Kopis.Base;
using Kopis.Mail.Smtp;

namespace Kopis.Mail.Header;

/// <summary>The Received line of the network servers (contract §3).</summary>
public static class ReceivedLine
{
    // Bytes that are kept; all others become ?.
    private static readonly SearchValues<byte> Safe = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.@%+/=:-[]"u8);

    /// <summary>
    /// Writes <c>Received: from HOST (HELO NAME) (INFO@IP)\n  by LOCAL with PROTOCOL; DATE\n</c>.
    /// </summary>
    /// <param name="to">The output.</param>
    /// <param name="peer">The client, from the environment.</param>
    /// <param name="helo">The name that the client gave, or null; shown if it differs from the
    /// host's name.</param>
    /// <param name="protocol">SMTP, QMTP or QMQP; what was agreed on may follow in brackets.
    /// </param>
    /// <param name="time">The present time.</param>
    /// <param name="isHidden">Whether to hide where the client is.</param>
    public static void Write(
        IBufferWriter<byte> to, ConnectionEnds peer, byte[]? helo,
        ReadOnlySpan<byte> protocol, DateTimeOffset time, bool isHidden = false)
    {
        if (isHidden)
        {
            WriteHidden(to, peer, protocol, time);
            return;
        }

        to.Write("Received: from "u8);
        WriteSafe(to, peer.RemoteHost);
        if (helo is not null && !Ascii8.EqualsIgnoreCase(helo, peer.RemoteHost))
        {
            to.Write(" (HELO "u8);
            WriteSafe(to, helo);
            to.Write(")"u8);
        }

        to.Write(" ("u8);
        if (peer.RemoteInfo is { } info)
        {
            WriteSafe(to, info);
            to.Write("@"u8);
        }

        WriteSafe(to, peer.RemoteIp);
        to.Write(")\n  by "u8);
        WriteSafe(to, peer.LocalHost);
        to.Write(" with "u8);
        to.Write(protocol);
        to.Write(ByteText.ToBytes($"; {QmailDate.Rfc822(time)}\n"));
    }

    /// <summary>Writes <c>Received: (submission of a user)
    ///   by LOCAL with PROTOCOL; DATE
    /// </c>, which does not reveal where the user is.</summary>
    private static void WriteHidden(
        IBufferWriter<byte> to, ConnectionEnds peer, ReadOnlySpan<byte> protocol,
        DateTimeOffset time)
    {
        to.Write("Received: (submission of a user)\n  by "u8);
        WriteSafe(to, peer.LocalHost);
        to.Write(" with "u8);
        to.Write(protocol);
        to.Write(ByteText.ToBytes($"; {QmailDate.Rfc822(time)}\n"));
    }

    /// <summary>The word after <c>with</c> (RFC 3848, RFC 6531 §4.3). Without encryption and a
    /// login it is qmail's.</summary>
    public static string Word(bool isUtf8, bool isEncrypted, bool isUser)
    {
        string end = (isEncrypted ? "S" : "") + (isUser ? "A" : "");
        return isUtf8 ? $"UTF8SMTP{end}" : end.Length > 0 ? $"ESMTP{end}" : "SMTP";
    }

    private static void WriteSafe(IBufferWriter<byte> to, ReadOnlySpan<byte> text)
    {
        Span<byte> safe = to.GetSpan(Math.Max(1, text.Length));
        for (int i = 0; i < text.Length; i++)
        {
            safe[i] = Safe.Contains(text[i]) ? text[i] : (byte)'?';
        }

        to.Advance(text.Length);
    }
}

using Kopis.Base;

namespace Kopis.Mail.SmtpClient;

/// <summary>Whether a reply to RCPT says that the transaction has too many recipients.</summary>
public static class RecipientLimit
{
    /// <summary>
    /// 452, or 552 of older servers (RFC 5321 §4.5.3.1.10), or the status X.5.3 (RFC 3463 §3.6)
    /// with any code. Behind an accepted recipient it means that, whatever else it may mean for the
    /// first of a transaction.
    /// </summary>
    /// <param name="code">The code.</param>
    /// <param name="reply">The whole reply.</param>
    public static bool IsMet(int code, ReadOnlySpan<byte> reply) =>
        code is 452 or 552 || (code is >= 400 and < 600 && HasStatus(code, reply));

    private static bool HasStatus(int code, ReadOnlySpan<byte> reply)
    {
        ReadOnlySpan<byte> status = ByteText.ToBytes($"{code / 100}.5.3");
        const int codeBytes = 4; // And the space.
        return reply.Length > codeBytes + status.Length
            && reply[codeBytes..].StartsWith(status)
            && reply[codeBytes + status.Length] is (byte)' ' or (byte)'\n';
    }
}

using Kopis.Base;

namespace Kopis.Mail.SmtpClient;

/// <summary>Recognises a reply to RCPT that says that the transaction has too many recipients.
/// </summary>
public static class RecipientLimit
{
    private const int CodeBytes = 4; // And the space.

    private static readonly string[] Words = ["too many recipients", "too many rcpt"];

    /// <summary>Whether it may mean that: 452, or 552 of older servers (RFC 5321 §4.5.3.1.10), or
    /// the status X.5.3 (RFC 3463 §3.6) or the words with any code. After an accepted recipient it
    /// does mean that, whatever else it may mean for the first recipient of a transaction.
    /// </summary>
    /// <param name="code">The reply's code.</param>
    /// <param name="reply">The whole reply.</param>
    public static bool IsMet(int code, ReadOnlySpan<byte> reply) =>
        code is 452 or 552 || (code is >= 400 and < 600 && IsNamed(code, reply));

    /// <summary>Whether it can mean nothing else after an accepted recipient. 452 with another
    /// status is about the recipient, or about the server's disk.</summary>
    /// <param name="code">The reply's code.</param>
    /// <param name="reply">The whole reply.</param>
    public static bool IsSaid(int code, ReadOnlySpan<byte> reply) =>
        code is >= 400 and < 600
        && (IsNamed(code, reply) || (code is 452 or 552 && !HasAnyStatus(code, reply)));

    private static bool IsNamed(int code, ReadOnlySpan<byte> reply)
    {
        if (HasStatus(code, reply))
        {
            return true;
        }

        string text = ByteText.ToText(reply);
        return Array.Exists(
            Words, words => text.Contains(words, StringComparison.OrdinalIgnoreCase));
    }

    private static bool HasStatus(int code, ReadOnlySpan<byte> reply)
    {
        ReadOnlySpan<byte> status = ByteText.ToBytes($"{code / 100}.5.3");
        return reply.Length > CodeBytes + status.Length
            && reply[CodeBytes..].StartsWith(status)
            && reply[CodeBytes + status.Length] is (byte)' ' or (byte)'\n';
    }

    private static bool HasAnyStatus(int code, ReadOnlySpan<byte> reply) =>
        reply.Length > CodeBytes + 2 && reply[CodeBytes] == '0' + (code / 100)
        && reply[CodeBytes + 1] == '.' && char.IsAsciiDigit((char)reply[CodeBytes + 2]);
}

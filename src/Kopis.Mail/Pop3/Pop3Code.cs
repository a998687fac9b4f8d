namespace Kopis.Mail.Pop3;

/// <summary>The extended response codes of refusals (RFC 2449 §8, RFC 3206). LOGIN-DELAY is not
/// used, since logins may follow each other at once.</summary>
public static class Pop3Code
{
    /// <summary>The name or the password is wrong: ask the user.</summary>
    public static ReadOnlySpan<byte> Auth => "AUTH"u8;

    /// <summary>The mailbox has the most sessions that are allowed: try again, without asking the
    /// user.</summary>
    public static ReadOnlySpan<byte> InUse => "IN-USE"u8;

    /// <summary>A temporary fault of ours: try again, without asking the user.</summary>
    public static ReadOnlySpan<byte> Temporary => "SYS/TEMP"u8;

    /// <summary>A fault of ours that somebody must repair.</summary>
    public static ReadOnlySpan<byte> Permanent => "SYS/PERM"u8;

    /// <summary>A refusal with its code, for a client that supports codes.</summary>
    /// <param name="refusal">The reply without a code.</param>
    /// <param name="code">The code.</param>
    /// <param name="knows">Whether the client supports codes; if not, the reply is unchanged.
    /// </param>
    public static byte[] Add(ReadOnlySpan<byte> refusal, ReadOnlySpan<byte> code, bool knows) =>
        knows
            ? [.. "-ERR ["u8, .. code, .. "] "u8, .. refusal["-ERR ".Length..]]
            : refusal.ToArray();
}

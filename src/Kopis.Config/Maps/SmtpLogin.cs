using System.Security.Cryptography;
using Kopis.Base;

namespace Kopis.Config.Maps;

/// <summary>How to log in at a relay. Its text is never shown.</summary>
public sealed class SmtpLogin
{
    /// <summary>The name.</summary>
    public required byte[] User { get; init; }

    /// <summary>The password; empty where there is a token.</summary>
    public byte[] Password { get; init; } = [];

    /// <summary>The file of <c>auth</c> with the token; null: there is a password.</summary>
    public string? TokenFile { get; init; }

    /// <summary>What the connection must be.</summary>
    public LoginTrust Trust { get; init; }

    /// <summary>The only mechanism to use, in upper case; null: the best that is offered.</summary>
    public string? Mechanism { get; init; }

    /// <summary>The same for the same login, and for no other. It does not tell the password.
    /// </summary>
    public string Key => Convert.ToHexString(SHA256.HashData(
    [
        .. User, 0, .. Password, 0,
        .. ByteText.ToBytes($"{TokenFile}\0{Mechanism}\0{Trust}"),
    ]));
}

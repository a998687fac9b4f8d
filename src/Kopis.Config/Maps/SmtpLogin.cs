using System.Security.Cryptography;
using Kopis.Base;

namespace Kopis.Config.Maps;

/// <summary>The login at a relay. It must never be shown as text.</summary>
public sealed class SmtpLogin
{
    /// <summary>The name.</summary>
    public required byte[] User { get; init; }

    /// <summary>The password; empty if a token is used.</summary>
    public byte[] Password { get; init; } = [];

    /// <summary>The file in <c>auth</c> that holds the token; null if a password is used.</summary>
    public string? TokenFile { get; init; }

    /// <summary>What the connection must offer first.</summary>
    public LoginTrust Trust { get; init; }

    /// <summary>The only mechanism to use, in upper case; null for the best that the relay offers.
    /// </summary>
    public string? Mechanism { get; init; }

    /// <summary>A digest that is equal for equal logins only. It does not reveal the password.
    /// </summary>
    public string Key => Convert.ToHexString(SHA256.HashData(
    [
        .. User, 0, .. Password, 0,
        .. ByteText.ToBytes($"{TokenFile}\0{Mechanism}\0{Trust}"),
    ]));
}

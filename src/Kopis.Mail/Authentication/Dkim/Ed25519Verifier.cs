namespace Kopis.Mail.Authentication.Dkim;

/// <summary>Checks an Ed25519 signature (RFC 8032): the base library has none, so whoever has one
/// passes it in (Kopis.Posix.Ed25519).</summary>
/// <param name="publicKey">32 bytes.</param>
/// <param name="message">What is signed.</param>
/// <param name="signature">The signature, which may have any length.</param>
public delegate bool Ed25519Verifier(
    ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);

namespace Kopis.Mail.Authentication.Dkim;

/// <summary>Makes a public RSA key ready for many signatures (RSASSA-PKCS1-v1_5, SHA-256), where
/// the caller has something faster than the base library (Kopis.Posix.RsaPublicKey).</summary>
/// <param name="key">Its SubjectPublicKeyInfo, in DER.</param>
/// <returns>Whether a signature is right, by the hash and the signature, which may have any length;
/// called by one thread at a time. Null: the base library is to do it.</returns>
public delegate Func<byte[], byte[], bool>? RsaLoader(ReadOnlySpan<byte> key);

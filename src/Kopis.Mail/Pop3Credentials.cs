using System.Security.Cryptography;

namespace Kopis.Mail;

/// <summary>What a client gave to be let in. Neither part holds a NUL.</summary>
/// <param name="Name">The user, as given.</param>
/// <param name="Secret">The password, or the digest of APOP.</param>
public sealed record Pop3Credentials(byte[] Name, byte[] Secret)
{
    /// <summary>
    /// The bytes of checkpassword's descriptor 3 (contract §10.1): name, secret and the greeting's
    /// stamp, each ended by NUL.
    /// </summary>
    public byte[] ToFields(ReadOnlySpan<byte> stamp) => [.. Name, 0, .. Secret, 0, .. stamp, 0];

    /// <summary>Overwrites the secret, which is not used again.</summary>
    public void Forget() => CryptographicOperations.ZeroMemory(Secret);
}

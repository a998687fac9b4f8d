using System.Security.Cryptography;

namespace Kopis.Users.Logins;

/// <summary>What SCRAM-SHA-256 (RFC 5802 §3, RFC 7677) stores about a password. It is enough to
/// check a proof, but not to make one.</summary>
/// <param name="Iterations">The iterations of PBKDF2.</param>
/// <param name="Salt">The user's salt.</param>
/// <param name="StoredKey">H(ClientKey).</param>
/// <param name="ServerKey">Signs the server's final message.</param>
public sealed record ScramKeys(int Iterations, byte[] Salt, byte[] StoredKey, byte[] ServerKey)
{
    /// <summary>The keys of a salted password.</summary>
    internal static ScramKeys Of(int iterations, byte[] salt, ReadOnlySpan<byte> saltedPassword)
    {
        byte[] clientKey = HMACSHA256.HashData(saltedPassword, "Client Key"u8);
        byte[] stored = SHA256.HashData(clientKey);
        CryptographicOperations.ZeroMemory(clientKey);
        return new ScramKeys(
            iterations, salt, stored, HMACSHA256.HashData(saltedPassword, "Server Key"u8));
    }

    /// <summary>Whether a client's proof for these messages is valid.</summary>
    public bool Verify(ReadOnlySpan<byte> authMessage, ReadOnlySpan<byte> proof)
    {
        if (proof.Length != SHA256.HashSizeInBytes || StoredKey.Length != SHA256.HashSizeInBytes)
        {
            return false;
        }

        byte[] clientKey = HMACSHA256.HashData(StoredKey, authMessage); // ClientSignature.
        for (int i = 0; i < clientKey.Length; i++)
        {
            clientKey[i] ^= proof[i];
        }

        return CryptographicOperations.FixedTimeEquals(SHA256.HashData(clientKey), StoredKey);
    }

    /// <summary>Makes the ServerSignature.</summary>
    public byte[] Sign(ReadOnlySpan<byte> authMessage) =>
        HMACSHA256.HashData(ServerKey, authMessage);
}

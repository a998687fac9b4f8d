using System.Security.Cryptography;

namespace Kopis.Posix;

/// <summary>Ed25519 (RFC 8032) from the host's OpenSSL 3, which TLS needs as well, because the base
/// library has none. If the host has another OpenSSL, <see cref="IsAvailable"/> is false and all
/// other methods throw.</summary>
public static unsafe class Ed25519
{
    /// <summary>The length of a public key, and of the seed of a private key.</summary>
    public const int KeyBytes = 32;

    /// <summary>The length of a signature.</summary>
    public const int SignatureBytes = 64;

    private const int Identifier = 1087; // EVP_PKEY_ED25519, openssl/obj_mac.h

    /// <summary>Whether Ed25519 is available. The first call loads the library, so call it before
    /// the process gives up its rights to files.</summary>
    public static bool IsAvailable { get; } = Probe();

    /// <summary>Whether a signature is right.</summary>
    /// <returns>False also if the key or the signature has another length, or is not a point.
    /// </returns>
    public static bool Verify(
        ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != KeyBytes || signature.Length != SignatureBytes)
        {
            return false;
        }

        fixed (byte* keyBytes = publicKey, bytes = message, value = signature)
        {
            nint key = Crypto.EVP_PKEY_new_raw_public_key(Identifier, 0, keyBytes, KeyBytes);
            nint context = key == 0 ? 0 : Crypto.EVP_MD_CTX_new();
            try
            {
                return context != 0
                    && Crypto.EVP_DigestVerifyInit(context, null, 0, 0, key) == 1
                    && Crypto.EVP_DigestVerify(
                        context, value, SignatureBytes, bytes, (nuint)message.Length) == 1;
            }
            finally
            {
                Free(context, key);
            }
        }
    }

    /// <summary>The public key of a private key.</summary>
    /// <param name="seed">The private key, 32 bytes.</param>
    /// <exception cref="CryptographicException">OpenSSL cannot derive it.</exception>
    public static byte[] PublicKeyOf(ReadOnlySpan<byte> seed)
    {
        nint key = Load(seed);
        try
        {
            byte[] publicKey = new byte[KeyBytes];
            nuint length = KeyBytes;
            fixed (byte* bytes = publicKey)
            {
                return Crypto.EVP_PKEY_get_raw_public_key(key, bytes, &length) == 1
                    ? publicKey
                    : throw new CryptographicException("OpenSSL has no public key");
            }
        }
        finally
        {
            Free(0, key);
        }
    }

    /// <summary>A private key; the caller must free it.</summary>
    /// <exception cref="CryptographicException">The seed is not a key.</exception>
    internal static nint Load(ReadOnlySpan<byte> seed)
    {
        nint key = 0;
        if (seed.Length == KeyBytes)
        {
            fixed (byte* bytes = seed)
            {
                key = Crypto.EVP_PKEY_new_raw_private_key(Identifier, 0, bytes, KeyBytes);
            }
        }

        return key != 0 ? key : throw new CryptographicException("not an Ed25519 key");
    }

    /// <summary>Frees both, and clears OpenSSL's errors: .NET reads this thread's error queue after
    /// its own calls.</summary>
    internal static void Free(nint context, nint key)
    {
        Crypto.EVP_MD_CTX_free(context);
        Crypto.EVP_PKEY_free(key);
        Crypto.ERR_clear_error();
    }

    private static bool Probe()
    {
        try
        {
            return PublicKeyOf(new byte[KeyBytes]).Length == KeyBytes;
        }
        catch (Exception e) when (
            e is DllNotFoundException or EntryPointNotFoundException or CryptographicException)
        {
            return false;
        }
    }
}

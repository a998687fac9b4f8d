using System.Runtime.InteropServices;

namespace Kopis.Posix;

/// <summary>A public RSA key of the host's OpenSSL 3, prepared once for any number of checks of
/// signatures (RSASSA-PKCS1-v1_5 with SHA-256, RFC 8017 §8.2.2). .NET's own class looks up the
/// algorithms again for each check. Used by one thread at a time.</summary>
public sealed unsafe class RsaPublicKey : SafeHandle
{
    private const int Pkcs1Padding = 1; // RSA_PKCS1_PADDING, openssl/rsa.h

    private RsaPublicKey(nint context)
        : base(0, ownsHandle: true) => SetHandle(context);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>Loads a key.</summary>
    /// <param name="key">The SubjectPublicKeyInfo, in DER.</param>
    /// <returns>Null if OpenSSL does not accept the key, or if the host has another OpenSSL.
    /// </returns>
    public static RsaPublicKey? Load(ReadOnlySpan<byte> key)
    {
        if (!Ed25519.IsAvailable)
        {
            return null;
        }

        nint context = 0;
        bool isReady = false;
        fixed (byte* bytes = key)
        {
            byte* at = bytes;
            nint loaded = Crypto.d2i_PUBKEY(0, &at, key.Length);
            context = loaded == 0 ? 0 : Crypto.EVP_PKEY_CTX_new(loaded, 0);
            Crypto.EVP_PKEY_free(loaded); // The context keeps it.
            isReady = context != 0
                && Crypto.EVP_PKEY_verify_init(context) == 1
                && Crypto.EVP_PKEY_CTX_set_rsa_padding(context, Pkcs1Padding) == 1
                && Crypto.EVP_PKEY_CTX_set_signature_md(context, Crypto.EVP_sha256()) == 1;
        }

        if (!isReady)
        {
            Crypto.EVP_PKEY_CTX_free(context);
            Crypto.ERR_clear_error();
        }

        return isReady ? new RsaPublicKey(context) : null;
    }

    /// <summary>Loads a key that only <see cref="Verify"/> uses.</summary>
    /// <returns>As <see cref="Load"/>.</returns>
    public static Func<byte[], byte[], bool>? LoadVerifier(ReadOnlySpan<byte> key) =>
        Load(key) is { } ready ? (hash, signature) => ready.Verify(hash, signature) : null;

    /// <summary>Whether a signature is right.</summary>
    /// <param name="hash">The SHA-256 of what is signed.</param>
    /// <param name="signature">The signature, of any length.</param>
    public bool Verify(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
    {
        bool isHeld = false;
        try
        {
            DangerousAddRef(ref isHeld);
            fixed (byte* bytes = hash, value = signature)
            {
                bool isRight = Crypto.EVP_PKEY_verify(
                    handle, value, (nuint)signature.Length, bytes, (nuint)hash.Length) == 1;
                if (!isRight)
                {
                    Crypto.ERR_clear_error(); // .NET reads this thread's errors later.
                }

                return isRight;
            }
        }
        finally
        {
            if (isHeld)
            {
                DangerousRelease();
            }
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Crypto.EVP_PKEY_CTX_free(handle);
        return true;
    }
}

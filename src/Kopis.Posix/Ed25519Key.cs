using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Kopis.Posix;

/// <summary>A private Ed25519 key, loaded once for many signatures, since loading costs as much as
/// signing. May be used from many threads.</summary>
public sealed unsafe class Ed25519Key : SafeHandle
{
    /// <summary>Loads a key.</summary>
    /// <param name="seed">The private key, 32 bytes.</param>
    /// <exception cref="CryptographicException">OpenSSL could not load it.</exception>
    public Ed25519Key(ReadOnlySpan<byte> seed)
        : base(0, ownsHandle: true) => SetHandle(Ed25519.Load(seed));

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>Signs a message.</summary>
    /// <param name="message">What to sign.</param>
    /// <exception cref="CryptographicException">OpenSSL could not sign.</exception>
    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        bool isHeld = false;
        nint context = 0;
        try
        {
            DangerousAddRef(ref isHeld);
            context = Crypto.EVP_MD_CTX_new();
            byte[] signature = new byte[Ed25519.SignatureBytes];
            nuint length = Ed25519.SignatureBytes;
            fixed (byte* bytes = message, value = signature)
            {
                return context != 0
                    && Crypto.EVP_DigestSignInit(context, null, 0, 0, handle) == 1
                    && Crypto.EVP_DigestSign(
                        context, value, &length, bytes, (nuint)message.Length) == 1
                    && length == Ed25519.SignatureBytes
                    ? signature
                    : throw new CryptographicException("OpenSSL did not sign");
            }
        }
        finally
        {
            Ed25519.Free(context, 0);
            if (isHeld)
            {
                DangerousRelease();
            }
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        Crypto.EVP_PKEY_free(handle);
        return true;
    }
}

using System.Security.Cryptography;

namespace Kopis.Mail.Authentication.Dkim;

/// <summary>A loaded public RSA key. May be used from many threads.</summary>
/// <param name="rsa">Null where it cannot be used.</param>
/// <param name="fault">Why not.</param>
public sealed class RsaKey(RSA? rsa, string fault)
{
    private readonly Lock _gate = new(); // RSA is not said to be safe for many threads.
    private Func<byte[], byte[], bool>? _verify;

    /// <summary>Why no signature can be checked with it; empty where one can.</summary>
    public string Fault => fault;

    /// <summary>Its length in bits; 0 where it cannot be used.</summary>
    public int Bits { get; } = rsa?.KeySize ?? 0;

    /// <summary>Whether a signature is right.</summary>
    /// <param name="hash">SHA-256 of what is signed.</param>
    /// <param name="signature">The signature, which may have any length.</param>
    /// <param name="load">Loads the key anew, once; null: the base library does it all.</param>
    public bool Verify(byte[] hash, byte[] signature, RsaLoader? load = null)
    {
        lock (_gate)
        {
            try
            {
                _verify ??= (rsa is null ? null : load?.Invoke(rsa.ExportSubjectPublicKeyInfo()))
                    ?? VerifyByBase;
                return _verify(hash, signature);
            }
            catch (CryptographicException)
            {
                return false; // A number that is no modulus.
            }
        }
    }

    private bool VerifyByBase(byte[] hash, byte[] signature) => rsa?.VerifyHash(
        hash, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) == true;
}

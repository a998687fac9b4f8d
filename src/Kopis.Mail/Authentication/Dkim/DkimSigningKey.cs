using System.Security.Cryptography;

namespace Kopis.Mail.Authentication.Dkim;

/// <summary>A private key of a domain and selector.</summary>
/// <param name="domain">d=, normalized.</param>
/// <param name="selector">s=, normalized.</param>
/// <param name="algorithm">What it makes.</param>
/// <param name="sign">Signs a SHA-256 hash; may be called from many threads.</param>
public sealed class DkimSigningKey(
    string domain, string selector, DkimAlgorithm algorithm, Func<byte[], byte[]> sign)
{
    /// <summary>d=: the domain that signs.</summary>
    public string Domain => domain;

    /// <summary>s=: the selector.</summary>
    public string Selector => selector;

    /// <summary>a=: the algorithm.</summary>
    public DkimAlgorithm Algorithm => algorithm;

    /// <summary>a= as text.</summary>
    internal string AlgorithmText =>
        algorithm == DkimAlgorithm.Ed25519Sha256 ? "ed25519-sha256" : "rsa-sha256";

    /// <summary>A key of RSA.</summary>
    public static DkimSigningKey OfRsa(string domain, string selector, RSA rsa)
    {
        Lock gate = new(); // RSA is not said to be safe for many threads.
        return new DkimSigningKey(domain, selector, DkimAlgorithm.RsaSha256, hash =>
        {
            lock (gate)
            {
                return rsa.SignHash(hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            }
        });
    }

    /// <summary>The signature of a hash.</summary>
    internal byte[] Sign(byte[] hash) => sign(hash);
}

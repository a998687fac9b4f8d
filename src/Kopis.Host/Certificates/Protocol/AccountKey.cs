using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Certificates.Protocol;

/// <summary>The key by which a server identifies this host: ECDSA over P-256, <c>ES256</c> of JWS.
/// </summary>
internal sealed class AccountKey : IDisposable
{
    private const int OwnerOnly = 0x180; // 0600
    private const int FileBytesMax = 16 * 1024;

    private readonly ECDsa _key;

    private AccountKey(ECDsa key)
    {
        _key = key;
        ECPoint point = key.ExportParameters(includePrivateParameters: false).Q;

        // The members that RFC 7638 §3.2 requires, in its order and without blanks. The same text
        // is hashed for the thumbprint and sent.
        Jwk = $$"""{"crv":"P-256","kty":"EC","x":"{{Text(point.X!)}}","y":"{{Text(point.Y!)}}"}""";
        Thumbprint = ThumbprintOf(Jwk);
    }

    /// <summary>The public key as JSON (RFC 7517).</summary>
    internal string Jwk { get; }

    /// <summary>The key's thumbprint, for key authorizations (RFC 8555 §8.1).</summary>
    internal string Thumbprint { get; }

    /// <summary>Makes a new key.</summary>
    internal static AccountKey Create() => new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    /// <summary>Imports a key.</summary>
    /// <exception cref="CryptographicException">The key is not of P-256.</exception>
    internal static AccountKey Import(ECParameters parameters)
    {
        ECDsa key = ECDsa.Create(parameters);
        if (key.KeySize != 256)
        {
            key.Dispose();
            throw new CryptographicException("the key is not of the curve P-256");
        }

        return new AccountKey(key);
    }

    /// <summary>Reads the key's file. The first time the file is created, readable only by its
    /// owner.</summary>
    /// <exception cref="ConfigurationException">The file exists but has no usable key. It is not
    /// replaced, since another key would mean another account.</exception>
    internal static AccountKey Load(string path)
    {
        try
        {
            if (BoundedFile.TryRead(path, FileBytesMax, out int errno) is { } pem)
            {
                return Parse(Encoding.ASCII.GetString(pem));
            }

            if (errno != Errno.NoEntry)
            {
                throw new PosixException("read", errno);
            }

            AccountKey made = Create();
            Write(path, made._key.ExportPkcs8PrivateKeyPem() + "\n");
            return made;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException
            or CryptographicException or ArgumentException)
        {
            throw new ConfigurationException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>RFC 7638 §3: SHA-256 over the canonical JSON of a public key.</summary>
    internal static string ThumbprintOf(string canonicalJwk) =>
        Text(SHA256.HashData(Encoding.UTF8.GetBytes(canonicalJwk)));

    /// <summary>The key authorization that answers a challenge (RFC 8555 §8.1).</summary>
    internal string Authorization(string token) => $"{token}.{Thumbprint}";

    /// <summary>A signature in the form of JWS: r and s, 32 bytes each (RFC 7518 §3.4).</summary>
    internal byte[] Sign(ReadOnlySpan<byte> data) => _key.SignData(
        data, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    public void Dispose() => _key.Dispose();

    private static AccountKey Parse(string pem)
    {
        using ECDsa key = ECDsa.Create();
        key.ImportFromPem(pem);
        return Import(key.ExportParameters(includePrivateParameters: true));
    }

    private static void Write(string path, string pem)
    {
        Paths.Replace(path, path + ".new", Encoding.ASCII.GetBytes(pem), OwnerOnly);
        Fd.SyncDirectory(Path.GetDirectoryName(path)!);
    }

    private static string Text(byte[] bytes) => Base64Url.EncodeToString(bytes);
}

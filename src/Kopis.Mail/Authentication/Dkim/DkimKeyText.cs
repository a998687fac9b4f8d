using System.Security.Cryptography;

namespace Kopis.Mail.Authentication.Dkim;

/// <summary>Keys as text: private keys in PEM, as openssl writes them, and public keys as the TXT
/// record that a domain publishes.</summary>
public static class DkimKeyText
{
    private const int SeedBytes = 32;

    /// <summary>The bytes of an Ed25519 key in PKCS #8 before its seed (RFC 8410 §7).</summary>
    private static ReadOnlySpan<byte> Ed25519Head =>
        [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70,
        0x04, 0x22, 0x04, 0x20];

    /// <summary>The seed in a PEM file of an Ed25519 key.</summary>
    /// <returns>32 bytes; null if the file has no such key.</returns>
    public static byte[]? ReadEd25519(string pem)
    {
        byte[]? der = ReadPem(pem);
        return der is not null && der.Length == Ed25519Head.Length + SeedBytes
            && der.AsSpan().StartsWith(Ed25519Head)
            ? der[Ed25519Head.Length..]
            : null;
    }

    /// <summary>The RSA key in a PEM file.</summary>
    /// <returns>Null if the file has no such key, or one that others would not accept
    /// (<see cref="DkimKeyRecord.RsaBitsMin"/>).</returns>
    public static RSA? ReadRsa(string pem)
    {
        RSA rsa = RSA.Create();
        try
        {
            rsa.ImportFromPem(pem);
            _ = rsa.ExportParameters(true); // Throws for a public key.
            if (rsa.KeySize is >= DkimKeyRecord.RsaBitsMin and <= DkimKeyRecord.RsaBitsMax)
            {
                return rsa;
            }
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // It is not a key, or one of a wrong size.
        }

        rsa.Dispose();
        return null;
    }

    /// <summary>An Ed25519 key as a PEM file.</summary>
    /// <param name="seed">32 bytes.</param>
    public static string WriteEd25519(ReadOnlySpan<byte> seed) =>
        PemEncoding.WriteString("PRIVATE KEY", [.. Ed25519Head, .. seed]) + "\n";

    /// <summary>The TXT record of an RSA key.</summary>
    public static string RecordOf(RSA rsa) =>
        "v=DKIM1; k=rsa; p=" + Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo());

    /// <summary>The TXT record of an Ed25519 key (RFC 8463 §4).</summary>
    /// <param name="publicKey">32 bytes.</param>
    public static string RecordOf(ReadOnlySpan<byte> publicKey) =>
        "v=DKIM1; k=ed25519; p=" + Convert.ToBase64String(publicKey);

    private static byte[]? ReadPem(string pem)
    {
        if (!PemEncoding.TryFind(pem, out PemFields found)
            || pem[found.Label] is not "PRIVATE KEY")
        {
            return null;
        }

        byte[] bytes = new byte[found.DecodedDataLength];
        return Convert.TryFromBase64String(pem[found.Base64Data], bytes, out int length)
            ? bytes[..length]
            : null;
    }
}

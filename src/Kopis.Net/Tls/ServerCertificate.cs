using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Kopis.Base;

namespace Kopis.Net.Tls;

/// <summary>One of our certificates with its key and chain, ready for use.</summary>
public sealed class ServerCertificate
{
    private const int CertificatesMax = 100; // Each is tried with the key.

    private ServerCertificate(X509Certificate2 leaf, X509Certificate2Collection others)
    {
        Leaf = leaf;

        // The context has the keys of session tickets, so it is made once: sessions can be resumed.
        Context = SslStreamCertificateContext.Create(leaf, others, offline: true);
        EndPointBinding = HashOf(leaf);
        Names = NamesOf(leaf);
    }

    /// <summary>The certificate itself, with its key.</summary>
    public X509Certificate2 Leaf { get; }

    internal SslStreamCertificateContext Context { get; }

    /// <summary>RFC 5929 §4.1: the hash of the certificate by its signature's hash function, or
    /// SHA-256 if that is weaker.</summary>
    internal byte[] EndPointBinding { get; }

    /// <summary>The names in the certificate, in lower case; some begin with <c>*.</c>.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Reads a PEM file of key, certificate and chain, in any order.</summary>
    /// <exception cref="ConfigurationException">The file cannot be used; the text says why.
    /// </exception>
    public static ServerCertificate Parse(string path, byte[] pem)
    {
        string text = ByteText.ToText(pem);
        try
        {
            X509Certificate2Collection all = [];
            all.ImportFromPem(text);
            if (all.Count is 0 or > CertificatesMax)
            {
                string what = all.Count == 0 ? "no certificate" : "too many certificates";
                throw new ConfigurationException($"{path}: {what} in it");
            }

            string keys = KeysOf(text);

            // The chain may come first or last; our certificate is the one that the key fits.
            for (int i = 0; i < all.Count; i++)
            {
                if (TryCombine(all[i], keys) is { } leaf)
                {
                    all.RemoveAt(i);
                    return new ServerCertificate(leaf, all);
                }
            }

            throw new ConfigurationException($"{path}: no key that matches its certificate");
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException
            or IOException or UnauthorizedAccessException)
        {
            // The last two are about the host's roots of trust, which the platform reads here.
            throw new ConfigurationException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>The text without its certificates, so that the search for keys need not go through
    /// them.</summary>
    private static string KeysOf(ReadOnlySpan<char> text)
    {
        StringBuilder keys = new();
        while (PemEncoding.TryFind(text, out PemFields at))
        {
            if (text[at.Label] is not "CERTIFICATE")
            {
                keys.Append(text[at.Location]).Append('\n');
            }

            text = text[at.Location.End..];
        }

        return keys.ToString();
    }

    private static X509Certificate2? TryCombine(X509Certificate2 certificate, string keys)
    {
        try
        {
            return X509Certificate2.CreateFromPem(certificate.ExportCertificatePem(), keys);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return null; // The key does not fit this certificate.
        }
    }

    private static string[] NamesOf(X509Certificate2 leaf)
    {
        string[] names = [.. leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension => extension.EnumerateDnsNames())];
        if (names.Length == 0 && leaf.GetNameInfo(X509NameType.SimpleName, false) is { } name)
        {
            names = [name];
        }

        return [.. names.Select(each => each.ToLowerInvariant())];
    }

    private static byte[] HashOf(X509Certificate2 leaf)
    {
        string? algorithm = leaf.SignatureAlgorithm.FriendlyName;
        return algorithm is null ? SHA256.HashData(leaf.RawDataMemory.Span)
            : algorithm.Contains("384", StringComparison.Ordinal)
                ? SHA384.HashData(leaf.RawDataMemory.Span)
            : algorithm.Contains("512", StringComparison.Ordinal)
                ? SHA512.HashData(leaf.RawDataMemory.Span)
            : SHA256.HashData(leaf.RawDataMemory.Span);
    }
}

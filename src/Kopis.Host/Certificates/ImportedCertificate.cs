using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kopis.Base;
using Kopis.Net.Tls;

namespace Kopis.Host.Certificates;

/// <summary>A key and a chain that another tool has made, checked before listeners use them. No
/// I/O.</summary>
internal static class ImportedCertificate
{
    private const int ChainLengthMax = 10; // As OpenSSL's own limit of depth.
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1"; // RFC 5280 §4.2.1.12

    /// <summary>Checks the key and the chain, and joins them.</summary>
    /// <param name="key">A private key in PEM, without a passphrase.</param>
    /// <param name="chain">Certificates in PEM: the host's own, and then the issuer of each.
    /// </param>
    /// <param name="host">The name that the certificate must contain.</param>
    /// <param name="now">The present time.</param>
    /// <returns>The content for <c>servercert.pem</c>.</returns>
    /// <exception cref="ConfigurationException">They cannot be used; the text says why.</exception>
    internal static string Join(byte[] key, byte[] chain, string host, DateTimeOffset now)
    {
        List<X509Certificate2> all = Certificates(ByteText.ToText(chain));
        try
        {
            string pem = KeyOf(ByteText.ToText(key))
                + string.Concat(all.Select(one => one.ExportCertificatePem() + "\n"));
            ServerCertificate parsed = ServerCertificate.Parse(
                "the key and the chain", ByteText.ToBytes(pem));
            string? fault =
                !parsed.Leaf.RawData.AsSpan().SequenceEqual(all[0].RawData)
                    ? "the key is of another certificate of the chain than the first"
                : DisorderOf(all) ?? ExpiryOf(all, now) ?? PurposeOf(all[0])
                ?? (parsed.Names.Any(name => IsFor(name, host)) ? null
                    : $"the certificate is for {Names(parsed)}, and not for {host}");
            return fault is null ? pem : throw Bad(fault);
        }
        catch (ConfigurationException e) when (e.Code != ExitCode.Permanent)
        {
            throw Bad(e.Message);
        }
        finally
        {
            all.ForEach(one => one.Dispose());
        }
    }

    /// <summary>The only private key in a text; everything else is dropped.</summary>
    private static string KeyOf(string text)
    {
        string? found = null;
        ReadOnlySpan<char> rest = text;
        while (PemEncoding.TryFind(rest, out PemFields field))
        {
            string label = rest[field.Label].ToString();
            if (label == "ENCRYPTED PRIVATE KEY"
                || rest[field.Location].Contains("Proc-Type:", StringComparison.Ordinal))
            {
                throw Bad("the key has a passphrase: listeners could not read it");
            }

            if (label.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
            {
                found = found is null
                    ? rest[field.Location].ToString() : throw Bad("there is more than one key");
            }

            rest = rest[field.Location.End..];
        }

        return found is null ? throw Bad("there is no private key in PEM") : found + "\n";
    }

    private static List<X509Certificate2> Certificates(string text)
    {
        List<X509Certificate2> all = [];
        ReadOnlySpan<char> rest = text;
        while (PemEncoding.TryFind(rest, out PemFields found))
        {
            if (rest[found.Label] is not "CERTIFICATE" || all.Count == ChainLengthMax)
            {
                throw Bad(all.Count == ChainLengthMax
                    ? "the chain is too long" : "the chain holds other things than certificates");
            }

            try
            {
                all.Add(X509CertificateLoader.LoadCertificate(
                    Convert.FromBase64String(rest[found.Base64Data].ToString())));
            }
            catch (Exception e) when (e is CryptographicException or FormatException)
            {
                throw Bad("the chain holds a certificate that cannot be read");
            }

            rest = rest[found.Location.End..];
        }

        return all.Count > 0 ? all : throw Bad("there is no certificate in PEM");
    }

    /// <summary>Clients may follow the chain in its present order (RFC 8446 §4.4.2).</summary>
    private static string? DisorderOf(List<X509Certificate2> all)
    {
        for (int i = 0; i + 1 < all.Count; i++)
        {
            if (!all[i].IssuerName.RawData.AsSpan().SequenceEqual(all[i + 1].SubjectName.RawData)
                || !HasKeyOf(all[i], all[i + 1]))
            {
                return $"the chain is out of order: certificate {i + 2} is not the issuer of "
                    + $"certificate {i + 1}";
            }
        }

        return null;
    }

    /// <summary>Compares key identifiers if both certificates have one (RFC 5280 §4.2.1.1).
    /// </summary>
    private static bool HasKeyOf(X509Certificate2 certificate, X509Certificate2 issuer)
    {
        ReadOnlyMemory<byte>? wanted = certificate.Extensions
            .OfType<X509AuthorityKeyIdentifierExtension>().FirstOrDefault()?.KeyIdentifier;
        ReadOnlyMemory<byte>? found = issuer.Extensions
            .OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault()
            ?.SubjectKeyIdentifierBytes;
        return wanted is not { } one || found is not { } other
            || one.Span.SequenceEqual(other.Span);
    }

    private static string? ExpiryOf(List<X509Certificate2> all, DateTimeOffset now)
    {
        for (int i = 0; i < all.Count; i++)
        {
            if (now < all[i].NotBefore || now >= all[i].NotAfter)
            {
                return $"certificate {i + 1} is valid from {all[i].NotBefore.ToUniversalTime():u} "
                    + $"to {all[i].NotAfter.ToUniversalTime():u}, and not now";
            }
        }

        return null;
    }

    private static string? PurposeOf(X509Certificate2 leaf) =>
        leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is { } usage
            && usage.EnhancedKeyUsages[ServerAuthentication] is null
                ? "the certificate is not for servers" : null;

    /// <summary>A leading <c>*.</c> stands for exactly one label (RFC 9525 §6.3).</summary>
    private static bool IsFor(string name, string host)
    {
        int dot = host.IndexOf('.', StringComparison.Ordinal);
        return name.Equals(host, StringComparison.OrdinalIgnoreCase)
            || (name.StartsWith("*.", StringComparison.Ordinal) && dot > 0
                && name.AsSpan(1).Equals(host.AsSpan(dot), StringComparison.OrdinalIgnoreCase));
    }

    private static string Names(ServerCertificate certificate) => LogText.Safe(
        RawText.ToBytes(string.Join(", ", certificate.Names.DefaultIfEmpty("no name"))));

    private static ConfigurationException Bad(string why) => new(why, ExitCode.Permanent);
}

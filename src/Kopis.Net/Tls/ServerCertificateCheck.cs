using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kopis.Config.Maps;
using Kopis.Mail.TlsReports;

namespace Kopis.Net.Tls;

/// <summary>Checks a server's certificate.</summary>
public static class ServerCertificateCheck
{
    /// <summary>Why the certificate is not acceptable; null if it is.</summary>
    /// <param name="certificate">The server's certificate.</param>
    /// <param name="errors">The platform's verdict about its chain and dates. Names are checked
    /// here.</param>
    /// <param name="level">What is required.</param>
    /// <param name="names">One of these names must be in it, if it is verified.</param>
    public static CertificateFault? Fault(
        X509Certificate? certificate, SslPolicyErrors errors, TlsLevel level,
        IReadOnlyList<string> names)
    {
        if (level < TlsLevel.Verify)
        {
            return null;
        }

        if (certificate is not X509Certificate2 full)
        {
            return new CertificateFault(
                TlsResultType.ValidationFailure, "it has no certificate");
        }

        if ((errors & SslPolicyErrors.RemoteCertificateChainErrors) != 0)
        {
            return full.NotAfter < DateTime.Now ? new CertificateFault(
                    TlsResultType.Expired, "its certificate has expired")
                : new CertificateFault(TlsResultType.NotTrusted,
                    full.NotBefore > DateTime.Now ? "its certificate is not valid yet"
                    : "its certificate is not trusted");
        }

        return names.Any(name => Matches(full, name))
            ? null
            : new CertificateFault(
                TlsResultType.HostMismatch, $"its certificate does not name {names[0]}");
    }

    /// <summary>Whether a certificate is valid for a name; <c>.example</c> stands for any name
    /// below it.</summary>
    internal static bool Matches(X509Certificate2 certificate, string name)
    {
        try
        {
            return name.StartsWith('.')
                ? certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
                    .SelectMany(extension => extension.EnumerateDnsNames())
                    .Any(one => one.EndsWith(name, StringComparison.OrdinalIgnoreCase)
                        && one.Length > name.Length)
                : certificate.MatchesHostname(
                    name, allowWildcards: true, allowCommonName: false);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            return false; // The name or the certificate's names are malformed.
        }
    }
}

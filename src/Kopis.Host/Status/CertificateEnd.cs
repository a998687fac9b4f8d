using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kopis.Base;
using Kopis.Config.Catalog;
using Kopis.Posix;

namespace Kopis.Host.Status;

/// <summary>When a host's certificate ends. Its file is qmaild's, so root does not read it: a
/// process of that user does, and says the time alone.</summary>
internal static class CertificateEnd
{
    /// <summary>What that process is asked for (<see cref="OwnerWork"/>).</summary>
    internal const string Piece = "certificate-end";

    private const int FileBytesMax = 64 * 1024; // A key, and a chain of some certificates.
    private const int ReadMax = 20; // Certificates of a file.
    private const string Label = "CERTIFICATE";
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(5);

    /// <summary>Asks, as root by the owner of <c>tls</c>.</summary>
    /// <returns>Null where there is no certificate, or the caller may not read it.</returns>
    internal static DateTimeOffset? Of(string home)
    {
        string tls = Path.Combine(home, "tls");
        try
        {
            string text = Processes.EffectiveUid == 0 && Directory.Exists(tls)
                && ProcessIdentity.ForWorkIn(tls) is { } owner
                    ? OwnerWork.Run(owner, [], TimeMax, Piece, home) : Read(home);
            return Parse(text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException
            or ConfigurationException)
        {
            return null;
        }
    }

    /// <summary>Seconds since 1970 in decimal digits; null: they are none, or of no time that a
    /// certificate has.</summary>
    internal static DateTimeOffset? Parse(string? text) =>
        long.TryParse(
            text, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds)
        && seconds is > 0 and < uint.MaxValue
            ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    /// <summary>The time as <see cref="Parse"/> reads it; empty where there is none.</summary>
    internal static string Read(string home)
    {
        string path = Path.Combine(home, "control", ListenerFiles.ServerCert.Name);
        return BoundedFile.TryRead(path, FileBytesMax, out _) is { } pem
            && In(ByteText.ToText(pem)) is { } end
                ? end.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture) : "";
    }

    /// <summary>When the certificate of a PEM file ends: of a chain the first that issues no
    /// others. Keys are passed over.</summary>
    internal static DateTimeOffset? In(ReadOnlySpan<char> pem)
    {
        DateTimeOffset? first = null;
        for (int read = 0; read < ReadMax && PemEncoding.TryFind(pem, out PemFields at);)
        {
            if (pem[at.Label] is Label)
            {
                read++;
                if (TryLoad(pem[at.Base64Data]) is { } found)
                {
                    using X509Certificate2 certificate = found;
                    if (!IsAuthority(certificate))
                    {
                        return certificate.NotAfter;
                    }

                    first ??= certificate.NotAfter; // One that has signed itself may be both.
                }
            }

            pem = pem[at.Location.End..];
        }

        return first;
    }

    private static X509Certificate2? TryLoad(ReadOnlySpan<char> base64)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(
                Convert.FromBase64String(base64.ToString()));
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
    }

    private static bool IsAuthority(X509Certificate2 certificate)
    {
        try
        {
            return certificate.Extensions.OfType<X509BasicConstraintsExtension>()
                .Any(one => one.CertificateAuthority);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}

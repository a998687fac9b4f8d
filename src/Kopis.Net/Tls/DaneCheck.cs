using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kopis.Mail.TlsReports;
using Kopis.Mail.Transport;

namespace Kopis.Net.Tls;

/// <summary>Checks a server's certificate by TLSA records (RFC 7672 §3).</summary>
public static class DaneCheck
{
    private const int SentMax = 20; // How many certificates of a server are looked at.

    // Faults that an authority in the records may have, since nobody else need trust it.
    private const X509ChainStatusFlags Untrusted = X509ChainStatusFlags.UntrustedRoot
        | X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.RevocationStatusUnknown
        | X509ChainStatusFlags.OfflineRevocation;

    /// <summary>Why the certificate is not acceptable; null if it is.</summary>
    /// <param name="records">The usable records; at least one.</param>
    /// <param name="certificate">The server's certificate.</param>
    /// <param name="sent">The other certificates that the server sent.</param>
    /// <param name="names">One of these names must be in it, if a record matches an authority.
    /// </param>
    /// <param name="now">The time at which it must be valid, if a record matches an authority.
    /// </param>
    public static CertificateFault? Fault(
        IReadOnlyList<TlsaRecord> records, X509Certificate? certificate,
        IEnumerable<X509Certificate2> sent, IReadOnlyList<string> names, DateTimeOffset now)
    {
        if (certificate is not X509Certificate2 leaf)
        {
            return new CertificateFault(
                TlsResultType.ValidationFailure, "it has no certificate");
        }

        // Names and dates do not matter then (RFC 7672 §3.1.1).
        if (records.Any(one => one.Usage == TlsaRecord.EndEntity && Matches(one, leaf)))
        {
            return null;
        }

        TlsaRecord[] authorities =
            [.. records.Where(one => one.Usage == TlsaRecord.Authority)];
        if (authorities.Length == 0
            || !IsBelow(authorities, leaf, [.. sent.Take(SentMax)], now, out bool isExpired))
        {
            return new CertificateFault(
                TlsResultType.NotTrusted, "its certificate matches no TLSA record");
        }

        return isExpired
            ? new CertificateFault(TlsResultType.Expired, "its certificate has expired")
            : names.Any(name => ServerCertificateCheck.Matches(leaf, name)) ? null
            : new CertificateFault(
                TlsResultType.HostMismatch, $"its certificate does not name {names[0]}");
    }

    /// <summary>Whether a chain of valid signatures leads from the certificate to one that a record
    /// matches.</summary>
    private static bool IsBelow(
        TlsaRecord[] authorities, X509Certificate2 leaf, X509Certificate2[] sent,
        DateTimeOffset now, out bool isExpired)
    {
        isExpired = false;
        using X509Chain chain = new();
        chain.ChainPolicy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            TrustMode = X509ChainTrustMode.CustomRootTrust, // The host's authorities do not count.
            VerificationTime = now.UtcDateTime,
        };
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        foreach (TlsaRecord one in authorities)
        {
            if (one is { Selector: 0, Matching: 0 } && TryLoad(one.Data) is { } authority)
            {
                chain.ChainPolicy.ExtraStore.Add(authority); // The server need not send it.
            }
        }

        _ = chain.Build(leaf); // Never trusted; the status of each certificate counts.
        for (int i = 0; i < chain.ChainElements.Count; i++)
        {
            X509ChainStatusFlags wrong = chain.ChainElements[i].ChainElementStatus
                .Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
            isExpired |= (wrong & X509ChainStatusFlags.NotTimeValid) != 0;
            wrong &= ~(Untrusted | X509ChainStatusFlags.NotTimeValid);
            if (wrong != X509ChainStatusFlags.NoError)
            {
                return false;
            }

            X509Certificate2 element = chain.ChainElements[i].Certificate;
            if (i > 0 && Array.Exists(authorities, one => Matches(one, element)))
            {
                return true;
            }
        }

        return false;
    }

    private static X509Certificate2? TryLoad(byte[] data)
    {
        try
        {
            return X509CertificateLoader.LoadCertificate(data);
        }
        catch (CryptographicException)
        {
            return null; // A stranger's record may be malformed.
        }
    }

    private static bool Matches(TlsaRecord record, X509Certificate2 certificate)
    {
        byte[] selected = record.Selector == 0
            ? certificate.RawData
            : certificate.PublicKey.ExportSubjectPublicKeyInfo();
        byte[] shown = record.Matching switch
        {
            TlsaRecord.Sha256 => SHA256.HashData(selected),
            TlsaRecord.Sha512 => SHA512.HashData(selected),
            _ => selected,
        };
        return shown.AsSpan().SequenceEqual(record.Data);
    }
}

using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Net.Tls;

/// <summary>The authorities of <c>clientca.pem</c>, by which clients' certificates are verified.
/// Clients are asked for certificates only if <c>tlsclients</c> exists, which says who may relay.
/// </summary>
internal sealed class ClientAuthorities
{
    internal static readonly ControlFile[] Files =
        [ClientFiles.ClientCa, ClientFiles.TlsClients];

    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string AlternativeName = "2.5.29.17";
    private const string EmailAddress = "1.2.840.113549.1.9.1";

    private readonly X509Certificate2Collection _authorities;

    private ClientAuthorities(X509Certificate2Collection authorities) =>
        _authorities = authorities;

    /// <exception cref="ConfigurationException">The file exists and cannot be used.</exception>
    internal static ClientAuthorities? Load(ControlDirectory control)
    {
        if (control.ReadList(ClientFiles.TlsClients) is null
            || control.ReadWhole(ClientFiles.ClientCa) is not { } pem)
        {
            return null;
        }

        try
        {
            X509Certificate2Collection authorities = [];
            authorities.ImportFromPem(ByteText.ToText(pem));
            return authorities.Count > 0
                ? new ClientAuthorities(authorities)
                : throw control.Bad(ClientFiles.ClientCa, "no certificate in it");
        }
        catch (CryptographicException e)
        {
            throw control.Bad(ClientFiles.ClientCa, e.Message);
        }
    }

    /// <summary>The policy for a client's certificate: only these authorities count, and nothing is
    /// fetched from URLs in the certificate.</summary>
    internal X509ChainPolicy Policy()
    {
        X509ChainPolicy policy = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
            ApplicationPolicy = { new Oid(ClientAuthentication) },
        };
        policy.CustomTrustStore.AddRange(_authorities);
        return policy;
    }

    /// <summary>The mail addresses in a certificate: in its alternative names and its subject.
    /// </summary>
    internal static IReadOnlyList<byte[]> AddressesOf(X509Certificate2 certificate)
    {
        List<byte[]> addresses = [];
        try
        {
            foreach (X509Extension extension in certificate.Extensions)
            {
                if (extension.Oid?.Value == AlternativeName)
                {
                    AddMailNames(extension.RawData, addresses);
                }
            }

            foreach (X500RelativeDistinguishedName part in
                certificate.SubjectName.EnumerateRelativeDistinguishedNames())
            {
                if (!part.HasMultipleElements
                    && part.GetSingleElementType().Value == EmailAddress
                    && part.GetSingleElementValue() is { } address)
                {
                    addresses.Add(ByteText.ToBytes(address));
                }
            }
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException)
        {
            return []; // Our authority signed it, but it is malformed.
        }

        return addresses;
    }

    private static void AddMailNames(byte[] alternativeNames, List<byte[]> to)
    {
        AsnReader names = new AsnReader(alternativeNames, AsnEncodingRules.DER).ReadSequence();
        Asn1Tag mail = new(TagClass.ContextSpecific, 1);
        while (names.HasData)
        {
            if (names.PeekTag() == mail)
            {
                to.Add(ByteText.ToBytes(
                    names.ReadCharacterString(UniversalTagNumber.IA5String, mail)));
            }
            else
            {
                _ = names.ReadEncodedValue();
            }
        }
    }
}

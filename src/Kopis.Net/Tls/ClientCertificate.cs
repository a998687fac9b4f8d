using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Kopis.Net.Tls;

/// <summary>Notes the addresses in one client's certificate. A client without a certificate, or
/// with one that says nothing to us, may still send mail.</summary>
internal sealed class ClientCertificate
{
    /// <summary>The mail addresses in it, if one of our authorities signed it.</summary>
    internal IReadOnlyList<byte[]> Addresses { get; private set; } = [];

    internal bool Judge(
        object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors == SslPolicyErrors.None && certificate is X509Certificate2 known)
        {
            Addresses = ClientAuthorities.AddressesOf(known);
        }

        return true;
    }
}

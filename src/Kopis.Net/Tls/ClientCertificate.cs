using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Kopis.Net.Tls;

/// <summary>Notes whom the certificate of one client names. It may have none, or one that tells us
/// nothing: that is no reason to refuse its mail.</summary>
internal sealed class ClientCertificate
{
    /// <summary>The mail addresses in it, where an authority of ours vouches for it.</summary>
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

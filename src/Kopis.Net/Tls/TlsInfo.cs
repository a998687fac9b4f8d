namespace Kopis.Net.Tls;

/// <summary>What was agreed on with the peer of an encrypted connection.</summary>
/// <param name="Protocol">As people write it: <c>TLSv1.3</c>.</param>
/// <param name="Cipher">The cipher suite's name in the IANA registry.</param>
/// <param name="ServerName">The name that the client asked for; empty if for none.</param>
/// <param name="ClientAddresses">The mail addresses of the client's certificate, where one was
/// asked for, and an authority of ours vouches for it.</param>
/// <param name="EndPointBinding">The channel binding <c>tls-server-end-point</c>: the hash of our
/// certificate (RFC 5929 §4).</param>
public sealed record TlsInfo(
    string Protocol, string Cipher, string ServerName,
    IReadOnlyList<byte[]> ClientAddresses, byte[] EndPointBinding);

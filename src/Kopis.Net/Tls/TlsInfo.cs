namespace Kopis.Net.Tls;

/// <summary>What was negotiated with the peer of an encrypted connection.</summary>
/// <param name="Protocol">The version, such as <c>TLSv1.3</c>.</param>
/// <param name="Cipher">The cipher suite's name in the IANA registry.</param>
/// <param name="ServerName">The name that the client asked for; empty if it asked for none.</param>
/// <param name="ClientAddresses">The mail addresses in the client's certificate, if one was
/// requested and one of our authorities signed it.</param>
/// <param name="EndPointBinding">The channel binding <c>tls-server-end-point</c>: the hash of our
/// certificate (RFC 5929 §4).</param>
public sealed record TlsInfo(
    string Protocol, string Cipher, string ServerName,
    IReadOnlyList<byte[]> ClientAddresses, byte[] EndPointBinding);

using Kopis.Mail.TlsReports;

namespace Kopis.Net.Tls;

/// <summary>Why a server's certificate is not good enough.</summary>
/// <param name="Type">As reports of TLS have it.</param>
/// <param name="Text">In words that continue <c>Connected to … but</c>.</param>
public sealed record CertificateFault(TlsResultType Type, string Text);

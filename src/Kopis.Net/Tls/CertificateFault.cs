using Kopis.Mail.TlsReports;

namespace Kopis.Net.Tls;

/// <summary>Why a server's certificate is not acceptable.</summary>
/// <param name="Type">The fault, in the terms of TLS reports.</param>
/// <param name="Text">The fault in words that continue <c>Connected to … but</c>.</param>
public sealed record CertificateFault(TlsResultType Type, string Text);

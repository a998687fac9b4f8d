using Kopis.Mail.TlsReports;

namespace Kopis.Net.Sts;

/// <summary>What a web server gave.</summary>
/// <param name="Body">The policy, not looked at; null where there is none.</param>
/// <param name="Fault">Why not.</param>
/// <param name="Reason">The same in words of ours and of the platform.</param>
public readonly record struct StsFetched(byte[]? Body, TlsResultType Fault, string Reason);
